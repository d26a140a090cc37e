import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { NetNode } from "../contract";
import type { Player } from "../graph/player";
import { View } from "../graph/view";
import { percent } from "../state/format";
import type { Model } from "../state/model";
import { useThemeChange } from "./theme";

interface Props {
	model: Model;
	selected: string;
	select: (name: string) => void;
	player: Player;
	calm: boolean;
	stemOnly: boolean;
}

const arrows: Record<string, [number, number]> = {
	ArrowLeft: [-1, 0],
	ArrowRight: [1, 0],
	ArrowUp: [0, -1],
	ArrowDown: [0, 1],
};

export function Graph({ model, selected, select, player, calm, stemOnly }: Props) {
	const box = useRef<HTMLDivElement>(null);
	const base = useRef<HTMLCanvasElement>(null);
	const over = useRef<HTMLCanvasElement>(null);
	const view = useRef<View | null>(null);
	const [hovered, hover] = useState("");
	const [failed, fail] = useState("");

	useEffect(() => {
		if (!box.current || !base.current || !over.current) return;
		try {
			view.current = new View(box.current, base.current, over.current);
		} catch (e) {
			fail(String(e));
			return;
		}
		const off = player.watch(() => view.current?.play(player.scene));
		view.current.play(player.scene);
		return () => {
			off();
			view.current?.close();
			view.current = null;
		};
	}, [player]);
	useThemeChange(useCallback(() => view.current?.repaint(), []));
	useEffect(() => {
		if (!view.current) return;
		view.current.calm = calm;
		view.current.show({ nodes: model.nodes, links: [...model.links.values()], selected, hovered, stemOnly });
	}, [model.nodes, model.links, selected, hovered, stemOnly, calm]);

	const point = (e: PointerEvent | MouseEvent) => view.current?.nearest(e.offsetX, e.offsetY) ?? "";
	const key = (e: KeyboardEvent) => {
		const arrow = arrows[e.key];
		if (e.key === "Escape") select("");
		else if (arrow) {
			e.preventDefault();
			select(view.current?.beside(selected, ...arrow) ?? "");
		} else if (e.key === "Enter" && selected !== "") {
			document.getElementById("inspector")?.focus();
		}
	};
	const node = model.nodes.get(selected);
	if (failed !== "") return <p class="empty tall">{failed}</p>;
	return (
		<div
			ref={box}
			class={hovered ? "graph over" : "graph"}
			// biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys go from node to node
			tabIndex={0}
			role="application"
			aria-label={`Network graph: ${model.nodes.size} nodes, ${model.links.size} links. Arrow keys go from node to node, Enter shows one; the table has the same facts.`}
			onKeyDown={key}
			onPointerMove={(e) => hover(point(e))}
			onPointerLeave={() => hover("")}
			onClick={(e) => select(point(e))}
		>
			<div aria-hidden="true">
				<canvas ref={base} />
				<canvas ref={over} />
			</div>
			<p class="picked" aria-live="polite">
				{node ? words(node) : ""}
			</p>
		</div>
	);
}

function words(n: NetNode): string {
	const sync = n.state === "syncing" ? `, ${percent(n.syncing_progress)}` : "";
	const spy = n.spy ? ", spy" : "";
	return `${n.name}: ${n.state}${sync}${spy}, height ${n.height}, ${n.peers} peers`;
}
