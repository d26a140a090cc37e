import type { Block, NodeDetail } from "../contract";
import { ago, bytes, count, duration, percent, shortHash } from "../state/format";
import { useNow, usePolled } from "../store";
import type { PanelProps } from "../ui/inspector";
import { Facts, Loaded, Scroll } from "./state";

export function ChainPanel({ name }: PanelProps) {
	const node = usePolled<NodeDetail>("/api/v1/node", { name }, 2000);
	const blocks = usePolled<Block[]>("/api/v1/blocks", { name, count: 20 }, 3000);
	const now = useNow();
	return (
		<>
			<Loaded of={node}>
				{({ chain }) => (
					<>
						{chain.headers > chain.height && (
							<label class="progress">
								<span>{`Syncing: ${count(chain.height)} of ${count(chain.headers)}, ${percent(chain.progress)}`}</span>
								<progress max={1} value={chain.progress} />
							</label>
						)}
						<Facts
							rows={[
								["Height", count(chain.height)],
								["Best block", <code title={chain.best_hash}>{shortHash(chain.best_hash)}</code>],
								["Found", ago(Date.parse(chain.best_time), now)],
								["Headers", count(chain.headers)],
								["Rate", chain.rate_blocks_s > 0 ? `${chain.rate_blocks_s.toFixed(1)} blocks/s` : "–"],
								["Done in", chain.eta_s ? duration(chain.eta_s * 1000) : "–"],
							]}
						/>
					</>
				)}
			</Loaded>
			<Loaded of={blocks} isEmpty={(b) => b.length === 0} empty="No blocks beyond the first.">
				{(list) => (
					<Scroll label="Latest blocks">
						<table>
							<thead>
								<tr>
									<th scope="col" class="num">
										Height
									</th>
									<th scope="col">Hash</th>
									<th scope="col" class="num">
										Transactions
									</th>
									<th scope="col" class="num">
										Size
									</th>
									<th scope="col">Found</th>
								</tr>
							</thead>
							<tbody>
								{list.map((b) => (
									<tr key={b.hash}>
										<td class="num">{count(b.height)}</td>
										<td class="mono" title={b.hash}>
											{shortHash(b.hash)}
										</td>
										<td class="num">{b.txs}</td>
										<td class="num">{bytes(b.bytes)}</td>
										<td>{ago(Date.parse(b.time), now)}</td>
									</tr>
								))}
							</tbody>
						</table>
					</Scroll>
				)}
			</Loaded>
		</>
	);
}
