import type { ComponentChildren } from "preact";
import { count, duration, many, percent } from "../state/format";
import { found, wilson } from "../state/interval";
import { type Model, parts, tip } from "../state/model";
import { useNow } from "../store";

// Summary: the figures that say whether all is well, before anything else.
export function Summary({ model }: { model: Model }) {
	const now = useNow();
	const nodes = [...model.nodes.values()];
	const own = nodes.find((n) => n.self);
	const alive = nodes.filter((n) => n.state === "up" || n.state === "syncing");
	const top = tip(model);
	const agree = alive.filter((n) => n.height === top).length;
	const syncing = nodes.filter((n) => n.state === "syncing").length;
	const groups = parts(model);
	const best = wilson(found(model.spy), model.spy?.seen ?? 0);
	const wait = model.loaded ? undefined : "…";
	if (model.info?.kind === "node") {
		return (
			<dl class="summary" aria-label="Summary">
				<Figure name="Height" value={wait ?? count(own?.height ?? 0)}>
					{own && own.headers > own.height ? `of ${count(own.headers)} headers` : "all headers' blocks are here"}
				</Figure>
				<Figure name="Peers" value={wait ?? count(own?.peers ?? 0)}>
					{`${many(nodes.length - 1, "other")} in the picture`}
				</Figure>
				<Figure name="Sync" value={wait ?? (own?.state === "syncing" ? percent(own.syncing_progress) : "in step")}>
					{own?.state === "syncing" ? "fetching blocks" : "with its peers"}
				</Figure>
				<Figure name="Mempool" value={wait ?? count(own?.mempool ?? 0)}>
					transactions
				</Figure>
				<Figure name="Up for" value={wait ?? duration(now - (model.info?.started_ms ?? now))}>
					{model.info.version}
				</Figure>
			</dl>
		);
	}
	return (
		<dl class="summary" aria-label="Summary">
			<Figure name="Nodes up" value={wait ?? `${alive.length}`} test="nodes-up">
				{nodes.length > alive.length ? `${nodes.length - alive.length} down` : "none down"}
			</Figure>
			<Figure name="Height" value={wait ?? count(top)} test="height">
				{agree === alive.length ? "all nodes agree" : `${agree} of ${alive.length} are there`}
			</Figure>
			<Figure name="Syncing" value={wait ?? `${syncing}`} test="syncing">
				{groups > 1 ? `${groups} parts, cut off` : syncing > 0 ? "catching up" : "nobody is behind"}
			</Figure>
			<Figure name="Links" value={wait ?? count(model.links.size)}>
				{alive.length > 0 ? `${((2 * model.links.size) / alive.length).toFixed(1)} a node` : ""}
			</Figure>
			<Figure name="Spies find" value={model.spy?.on ? (best ? percent(best.share) : "–") : "off"}>
				{model.spy?.on ? `of ${model.spy.seen} senders` : "nobody listens"}
			</Figure>
		</dl>
	);
}

interface FigureProps {
	name: string;
	value: string;
	test?: string;
	children: ComponentChildren;
}

function Figure({ name, value, test, children }: FigureProps) {
	return (
		<div>
			<dt>{name}</dt>
			<dd>
				<b data-testid={test}>{value}</b>
				<small>{children}</small>
			</dd>
		</div>
	);
}
