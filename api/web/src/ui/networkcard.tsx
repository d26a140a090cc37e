import { useState } from "preact/hooks";
import type { Player } from "../graph/player";
import type { Model } from "../state/model";
import { Graph } from "./graph";
import { NodeTable } from "./nodetable";

interface Props {
	model: Model;
	selected: string;
	select: (name: string) => void;
	player: Player;
	calm: boolean;
}

// NetworkCard: one network, drawn or as a table with the same facts.
export function NetworkCard(p: Props) {
	const [table, setTable] = useState(false);
	const [stemOnly, setStemOnly] = useState(false);
	const devnet = p.model.info?.kind === "devnet";
	return (
		<section class="card network" aria-labelledby="network-title">
			<div class="row">
				<h2 id="network-title">Network</h2>
				<span class="grow" />
				{devnet && !table && (
					<label class="check">
						<input type="checkbox" checked={stemOnly} onChange={(e) => setStemOnly(e.currentTarget.checked)} />
						Stem links only
					</label>
				)}
				<fieldset class="switch">
					<legend class="visually-hidden">Show the network as</legend>
					<button type="button" aria-pressed={!table} onClick={() => setTable(false)}>
						Graph
					</button>
					<button type="button" aria-pressed={table} onClick={() => setTable(true)}>
						Table
					</button>
				</fieldset>
			</div>
			{!p.model.loaded ? (
				<p class="empty tall">
					{p.model.connection === "lost" ? "No server answers." : "Waiting for the first picture of the network…"}
				</p>
			) : p.model.nodes.size === 0 ? (
				<p class="empty tall">No nodes. Add one to begin.</p>
			) : table ? (
				<NodeTable model={p.model} selected={p.selected} select={p.select} />
			) : (
				<Graph {...p} stemOnly={stemOnly} />
			)}
			{!table && <Legend devnet={devnet} spies={p.model.spy?.on ?? false} />}
		</section>
	);
}

function Legend({ devnet, spies }: { devnet: boolean; spies: boolean }) {
	return (
		<ul class="legend" aria-label="Legend">
			<li>
				<i class="dot up" />
				{devnet ? "up" : "connected"}
			</li>
			<li>
				<i class="dot syncing" />
				syncing
			</li>
			<li>
				<i class="dot down" />
				down
			</li>
			{!devnet && (
				<li>
					<i class="dot seen" />
					heard of
				</li>
			)}
			{spies && (
				<li>
					<i class="diamond" />
					spy
				</li>
			)}
			{devnet && (
				<>
					<li>
						<i class="dash stem" />
						stem
					</li>
					<li>
						<i class="dot fluff" />
						has it in the open
					</li>
				</>
			)}
		</ul>
	);
}
