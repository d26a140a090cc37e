import { useState } from "preact/hooks";
import { clock } from "../state/format";
import type { Entry, Model } from "../state/model";

const shown = 120;

// Feed: what happened, newest first. It can be held still to be read.
export function Feed({ model }: { model: Model }) {
	const [all, setAll] = useState(false);
	const [node, setNode] = useState("");
	const [held, hold] = useState<readonly Entry[] | null>(null);
	const entries = (held ?? model.feed)
		.filter((e) => all || e.weight !== "quiet")
		.filter((e) => node === "" || e.node === node)
		.slice(0, shown);
	return (
		<section class="card feed" aria-labelledby="feed-title">
			<div class="row">
				<h2 id="feed-title">Events</h2>
				<span class="grow" />
				{model.info?.kind === "devnet" && (
					<label>
						<span class="visually-hidden">Of node</span>
						<select value={node} onChange={(e) => setNode(e.currentTarget.value)}>
							<option value="">all nodes</option>
							{[...model.nodes.keys()].map((n) => (
								<option key={n} value={n}>
									{n}
								</option>
							))}
						</select>
					</label>
				)}
				<label class="check">
					<input type="checkbox" checked={all} onChange={(e) => setAll(e.currentTarget.checked)} />
					All
				</label>
				<button type="button" class="quiet" aria-pressed={held !== null} onClick={() => hold(held ? null : model.feed)}>
					{held ? "Go on" : "Hold"}
				</button>
			</div>
			{entries.length === 0 ? (
				<p class="empty">{model.connection === "live" ? "Quiet so far." : "Not connected."}</p>
			) : (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it with the keys
				<ol class="scroll" tabIndex={0} aria-label="Events, newest first" data-testid="feed">
					{entries.map((e) => (
						<li key={e.seq} class={e.weight}>
							<time>{clock(e.at_ms)}</time>
							<span>{e.text}</span>
						</li>
					))}
				</ol>
			)}
		</section>
	);
}
