import type { OwnTx } from "../contract";
import { clock, shortHash } from "../state/format";
import { usePolled } from "../store";
import type { PanelProps } from "../ui/inspector";
import { Loaded } from "./state";

// OwnPanel: the lives of the operator's own transactions, shown to the operator
// alone.
export function OwnPanel({ name, model }: PanelProps) {
	if (!model.info?.writable && model.info?.kind === "node") {
		return (
			<p class="empty">Which transactions are this node's own is told to its operator only: unlock the page above.</p>
		);
	}
	return <Journal name={name} />;
}

function Journal({ name }: { name: string }) {
	const own = usePolled<OwnTx[]>("/api/v1/own", { name }, 2000);
	return (
		<Loaded of={own} isEmpty={(o) => o.length === 0} empty="This node has sent none of its own.">
			{(list) => (
				<ul class="lives">
					{list.map((t) => (
						<li key={t.txid}>
							<p class="row">
								<code title={t.txid}>{shortHash(t.txid)}</code>
								<span class="badge plain">{t.state.replaceAll("_", " ")}</span>
							</p>
							<ol>
								{t.steps.map((s) => (
									<li class="life" key={`${s.when_ms} ${s.what}`}>
										<time>{clock(s.when_ms)}</time>
										<span>{s.what}</span>
									</li>
								))}
							</ol>
						</li>
					))}
				</ul>
			)}
		</Loaded>
	);
}
