import type { ComponentType } from "preact";
import { useState } from "preact/hooks";
import { AddressesPanel } from "../panels/addresses";
import { ChainPanel } from "../panels/chain";
import { LogsPanel } from "../panels/logs";
import { MempoolPanel } from "../panels/mempool";
import { OwnPanel } from "../panels/own";
import { PeersPanel } from "../panels/peers";
import { ResourcesPanel } from "../panels/resources";
import { shortId } from "../state/format";
import type { Model } from "../state/model";

export interface PanelProps {
	name: string;
	model: Model;
}

const panels: { key: string; title: string; Panel: ComponentType<PanelProps> }[] = [
	{ key: "chain", title: "Chain", Panel: ChainPanel },
	{ key: "peers", title: "Peers", Panel: PeersPanel },
	{ key: "mempool", title: "Mempool", Panel: MempoolPanel },
	{ key: "own", title: "Own transactions", Panel: OwnPanel },
	{ key: "addresses", title: "Address book", Panel: AddressesPanel },
	{ key: "resources", title: "Resources", Panel: ResourcesPanel },
	{ key: "logs", title: "Log", Panel: LogsPanel },
];

interface Props {
	model: Model;
	name: string;
	select: (name: string) => void;
}

// Inspector: one node in full, a tab a subject. Only the open one asks the server.
export function Inspector({ model, name, select }: Props) {
	const [open, setOpen] = useState("chain");
	const index = panels.findIndex((p) => p.key === open);
	const key = (e: KeyboardEvent) => {
		const by = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
		const to =
			e.key === "Home" ? 0 : e.key === "End" ? panels.length - 1 : (index + by + panels.length) % panels.length;
		const next = panels[to];
		if (!next || to === index) return;
		e.preventDefault();
		setOpen(next.key);
		document.getElementById(`tab-${next.key}`)?.focus();
	};
	const { Panel } = panels[index] ?? { Panel: ChainPanel };
	const node = model.nodes.get(name);
	return (
		<section class="card inspector" id="inspector" tabIndex={-1} aria-labelledby="inspector-title">
			<div class="row">
				<h2 id="inspector-title">Node</h2>
				{model.info?.kind === "devnet" ? (
					<label>
						<span class="visually-hidden">Which node</span>
						<select value={name} onChange={(e) => select(e.currentTarget.value)}>
							{[...model.nodes.keys()].map((n) => (
								<option key={n} value={n}>
									{n}
								</option>
							))}
						</select>
					</label>
				) : null}
				<code class="grow id" title={node?.id}>
					{node ? shortId(node.id) : ""}
				</code>
			</div>
			<div role="tablist" aria-label="About this node" class="tabs" onKeyDown={key}>
				{panels.map((p) => (
					<button
						type="button"
						role="tab"
						key={p.key}
						id={`tab-${p.key}`}
						aria-selected={p.key === open}
						aria-controls="panel"
						tabIndex={p.key === open ? 0 : -1}
						onClick={() => setOpen(p.key)}
					>
						{p.title}
					</button>
				))}
			</div>
			<div role="tabpanel" id="panel" aria-labelledby={`tab-${open}`} class="panel">
				{name === "" ? <p class="empty">No node yet.</p> : <Panel key={`${open} ${name}`} name={name} model={model} />}
			</div>
		</section>
	);
}
