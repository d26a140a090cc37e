import type { Addresses } from "../contract";
import { ago, count, shortId } from "../state/format";
import { nameOf } from "../state/model";
import { useNow, usePolled } from "../store";
import type { PanelProps } from "../ui/inspector";
import { Facts, Loaded, Scroll } from "./state";

export function AddressesPanel({ name, model }: PanelProps) {
	const book = usePolled<Addresses>("/api/v1/addresses", { name }, 5000);
	const now = useNow();
	return (
		<Loaded of={book}>
			{(b) => (
				<>
					<Facts
						rows={[
							["Tried", `${count(b.tried)}, met before`],
							["New", `${count(b.new)}, heard of`],
							["Netgroups", count(b.groups)],
						]}
					/>
					{b.sample.length === 0 ? (
						<p class="empty">The book is empty.</p>
					) : (
						<Scroll label="Some of its addresses">
							<table>
								<thead>
									<tr>
										<th scope="col">Address</th>
										<th scope="col">Peer</th>
										<th scope="col">Told by</th>
										<th scope="col">Last success</th>
									</tr>
								</thead>
								<tbody>
									{b.sample.map((a) => (
										<tr key={`${a.addr} ${a.id}`}>
											<td class="mono">{a.addr}</td>
											<td title={a.id}>{shorter(nameOf(model, a.id))}</td>
											<td title={a.source}>{shorter(nameOf(model, a.source))}</td>
											<td>{a.last_success_ms > 0 ? ago(a.last_success_ms, now) : "never"}</td>
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

function shorter(name: string): string {
	return name.length > 16 ? shortId(name) : name;
}
