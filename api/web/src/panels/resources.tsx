import { useEffect, useState } from "preact/hooks";
import type { NodeDetail } from "../contract";
import { bytes, count, duration } from "../state/format";
import { usePolled } from "../store";
import type { PanelProps } from "../ui/inspector";
import { Chart } from "./chart";
import { Facts, Loaded } from "./state";

const interval = 2000;
const samples = 150; // five minutes

interface Sample {
	at: number; // seconds
	detail: NodeDetail;
}

export function ResourcesPanel({ name, model }: PanelProps) {
	const node = usePolled<NodeDetail>("/api/v1/node", { name }, interval);
	const [history, add] = useState<Sample[]>([]);
	useEffect(() => {
		const detail = node.value;
		if (detail) add((h) => [...h, { at: Date.now() / 1000, detail }].slice(-samples));
	}, [node.value]);
	const at = history.map((s) => s.at);
	const heap = history.map((s) => s.detail.resources.heap_bytes);
	const rss = history.map((s) => s.detail.resources.rss_bytes);
	const incoming = rates(history, (d) => d.traffic.in_bytes);
	const outgoing = rates(history, (d) => d.traffic.out_bytes);
	return (
		<Loaded of={node}>
			{({ resources: r, traffic: t }) => (
				<>
					{model.info?.kind === "devnet" && (
						<p class="hint">Nodes of a devnet that share a process share its memory, processor time and files.</p>
					)}
					<Facts
						rows={[
							["Memory", bytes(r.rss_bytes)],
							["Heap", bytes(r.heap_bytes)],
							["Processor time", duration(r.cpu_seconds * 1000)],
							["Goroutines", count(r.goroutines)],
							["Open files", count(r.fds)],
							["Disk", bytes(r.disk_bytes)],
							["Received", bytes(t.in_bytes)],
							["Sent", bytes(t.out_bytes)],
						]}
					/>
					<div class="charts">
						<Chart
							title="Memory"
							at={at}
							unit={bytes}
							series={[
								{ name: "resident", colour: "stem", values: rss },
								{ name: "heap", colour: "up", values: heap },
							]}
						/>
						<Chart
							title="Traffic a second"
							at={at}
							unit={bytes}
							series={[
								{ name: "in", colour: "syncing", values: incoming },
								{ name: "out", colour: "fluff", values: outgoing },
							]}
						/>
					</div>
				</>
			)}
		</Loaded>
	);
}

// rates between samples, a second; null where there is none before.
function rates(history: Sample[], of: (d: NodeDetail) => number): (number | null)[] {
	return history.map((s, i) => {
		const before = history[i - 1];
		if (!before || s.at <= before.at) return null;
		return Math.max(0, (of(s.detail) - of(before.detail)) / (s.at - before.at));
	});
}
