import { useState } from "preact/hooks";
import type { LogLine } from "../contract";
import { clock } from "../state/format";
import { usePolled } from "../store";
import type { PanelProps } from "../ui/inspector";
import { Loaded, Scroll } from "./state";

const levels = ["debug", "info", "warn", "error"];

export function LogsPanel({ name, model }: PanelProps) {
	if (!model.info?.writable && model.info?.kind === "node") {
		return <p class="empty">A node's log is for its operator: unlock the page above.</p>;
	}
	return <Lines name={name} />;
}

function Lines({ name }: { name: string }) {
	const logs = usePolled<LogLine[]>("/api/v1/logs", { name, count: 200 }, 2000);
	const [least, setLeast] = useState("info");
	const from = levels.indexOf(least);
	const wanted = (l: LogLine) => levels.indexOf(l.level.toLowerCase()) >= from;
	return (
		<>
			<label class="row">
				Level
				<select value={least} onChange={(e) => setLeast(e.currentTarget.value)}>
					{levels.map((l) => (
						<option key={l} value={l}>{`${l} and above`}</option>
					))}
				</select>
			</label>
			<Loaded of={logs} isEmpty={(l) => !l.some(wanted)} empty="Nothing at this level.">
				{(list) => (
					<Scroll label="Lines of the log">
						<ol class="log">
							{list.filter(wanted).map((l, i) => (
								<li key={i} class={l.level.toLowerCase()}>
									<time>{clock(l.when_ms)}</time>
									<b>{l.level.toLowerCase()}</b>
									<span>
										{l.msg}
										<small>{attributes(l.attrs)}</small>
									</span>
								</li>
							))}
						</ol>
					</Scroll>
				)}
			</Loaded>
		</>
	);
}

function attributes(attrs: Record<string, unknown>): string {
	return Object.entries(attrs ?? {})
		.map(([k, v]) => ` ${k}=${typeof v === "string" ? v : JSON.stringify(v)}`)
		.join("");
}
