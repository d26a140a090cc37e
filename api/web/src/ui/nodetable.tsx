import { count, percent, shortId } from "../state/format";
import { type Model, parts } from "../state/model";

interface Props {
	model: Model;
	selected: string;
	select: (name: string) => void;
}

export function NodeTable({ model, selected, select }: Props) {
	const split = parts(model) > 1;
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it with the keys
		<section class="scroll tall" tabIndex={0} aria-label="Nodes">
			<table data-testid="nodes">
				<thead>
					<tr>
						<th scope="col">Node</th>
						<th scope="col">State</th>
						<th scope="col" class="num">
							Height
						</th>
						<th scope="col" class="num">
							Peers
						</th>
						<th scope="col" class="num">
							Mempool
						</th>
						{split && (
							<th scope="col" class="num">
								Part
							</th>
						)}
						<th scope="col">Peer id</th>
						<th scope="col">Linked with</th>
					</tr>
				</thead>
				<tbody>
					{[...model.nodes.values()].map((n) => (
						<tr key={n.name} data-node={n.name} class={n.name === selected ? "chosen" : undefined}>
							<th scope="row">
								<button type="button" class="text" aria-pressed={n.name === selected} onClick={() => select(n.name)}>
									{n.name.length > 16 ? shortId(n.name) : n.name}
								</button>
							</th>
							<td>
								<i class={n.spy ? "diamond" : `dot ${n.state}`} aria-hidden="true" />
								{n.state === "syncing" ? `syncing, ${percent(n.syncing_progress)}` : n.state}
								{n.spy ? ", spy" : ""}
								{n.self ? ", this node" : ""}
							</td>
							<td class="num">{count(n.height)}</td>
							<td class="num">{n.peers}</td>
							<td class="num">{n.mempool}</td>
							{split && <td class="num">{n.group + 1}</td>}
							<td class="mono" title={n.id}>
								{shortId(n.id)}
							</td>
							<td class="mates">{mates(model, n.name)}</td>
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

function mates(model: Model, name: string): string {
	const all = [...model.links.values()]
		.filter((l) => l.from === name || l.to === name)
		.map((l) => (l.from === name ? l.to : l.from));
	const short = [...new Set(all)].map((m) => (m.length > 16 ? shortId(m) : m));
	return short.length > 8 ? `${short.slice(0, 8).join(", ")} and ${short.length - 8} more` : short.join(", ");
}
