import type { Mempool, NodeDetail } from "../contract";
import { ago, bytes, count, shortHash } from "../state/format";
import { useNow, usePolled } from "../store";
import type { PanelProps } from "../ui/inspector";
import { Facts, Loaded, Scroll } from "./state";

export function MempoolPanel({ name }: PanelProps) {
	const pool = usePolled<Mempool>("/api/v1/mempool", { name, count: 100 }, 2000);
	const node = usePolled<NodeDetail>("/api/v1/node", { name }, 2000);
	const now = useNow();
	return (
		<Loaded of={pool}>
			{(m) => (
				<>
					<Facts
						rows={[
							["Transactions", count(m.count)],
							["Size", bytes(m.bytes)],
							["In their stem", node.value ? `${node.value.mempool.stempool_count}, hidden from everybody else` : "…"],
						]}
					/>
					{m.txs.length === 0 ? (
						<p class="empty">Empty: every transaction is in a block.</p>
					) : (
						<Scroll label="Transactions that wait for a block">
							<table>
								<thead>
									<tr>
										<th scope="col">Transaction</th>
										<th scope="col" class="num">
											Size
										</th>
										<th scope="col" class="num">
											Fee, sat
										</th>
										<th scope="col">Here since</th>
									</tr>
								</thead>
								<tbody>
									{m.txs.map((t) => (
										<tr key={t.txid}>
											<th scope="row" class="mono" title={t.txid}>
												{shortHash(t.txid)}
											</th>
											<td class="num">{bytes(t.bytes)}</td>
											<td class="num">{count(t.fee)}</td>
											<td>{ago(t.time_ms, now)}</td>
										</tr>
									))}
								</tbody>
							</table>
						</Scroll>
					)}
				</>
			)}
		</Loaded>
	);
}
