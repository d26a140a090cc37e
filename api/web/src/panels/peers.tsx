import type { Peer } from "../contract";
import { source, words } from "../state/describe";
import { ago, bytes, count, many } from "../state/format";
import { nameOf } from "../state/model";
import { useNow, usePolled } from "../store";
import type { PanelProps } from "../ui/inspector";
import { Loaded, Scroll } from "./state";

export function PeersPanel({ name, model }: PanelProps) {
	const peers = usePolled<Peer[]>("/api/v1/peers", { name }, 3000);
	const now = useNow();
	return (
		<Loaded of={peers} isEmpty={(p) => p.length === 0} empty="No peers: nothing comes in and nothing goes out.">
			{(list) => (
				<Scroll label="Peers">
					<table>
						<thead>
							<tr>
								<th scope="col">Peer</th>
								<th scope="col">Link</th>
								<th scope="col">Known by</th>
								<th scope="col" class="num">
									Height
								</th>
								<th scope="col" class="num">
									Ping
								</th>
								<th scope="col" class="num">
									In, out
								</th>
								<th scope="col">Since</th>
								<th scope="col">Held against it</th>
								<th scope="col">Agent</th>
								<th scope="col">Address</th>
							</tr>
						</thead>
						<tbody>
							{list.map((p) => (
								<tr key={p.id}>
									<th scope="row" title={p.id}>
										{short(p.name ?? nameOf(model, p.id))}
									</th>
									<td>{p.inbound ? "inbound" : `outbound, ${p.kind}`}</td>
									<td title={p.source}>{source(p.source)}</td>
									<td class="num">{count(p.height)}</td>
									<td class="num">{p.ping_ms === 0 ? "–" : `${p.ping_ms.toFixed(p.ping_ms < 10 ? 1 : 0)} ms`}</td>
									<td class="num">{`${bytes(p.in_bytes)}, ${bytes(p.out_bytes)}`}</td>
									<td>{ago(p.since_ms, now)}</td>
									<td>
										<Why peer={p} now={now} />
									</td>
									<td>{p.agent}</td>
									<td class="mono">{p.addr}</td>
								</tr>
							))}
						</tbody>
					</table>
				</Scroll>
			)}
		</Loaded>
	);
}

function short(name: string): string {
	return name.length > 16 ? `…${name.slice(-8)}` : name;
}

function Why({ peer, now }: { peer: Peer; now: number }) {
	if (peer.why.length === 0)
		return <span>{peer.score > 0 ? many(Math.round(peer.score), "point") : "nothing against it"}</span>;
	return (
		<details>
			<summary>{`${many(Math.round(peer.score), "point")}, ${many(peer.why.length, "reason")}`}</summary>
			<ul>
				{peer.why.map((w) => (
					<li key={w.reason}>{`${words(w.reason)}, ${w.count}×, ${ago(w.when_ms, now)}`}</li>
				))}
			</ul>
		</details>
	);
}
