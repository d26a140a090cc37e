import type { RefObject } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { NetNode } from "../contract";
import { nearer } from "../graph/camera";
import { Hand } from "../graph/hand";
import type { Player } from "../graph/player";
import { View } from "../graph/view";
import { many, percent } from "../state/format";
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

// One press of Shift and an arrow, in pixels.
const step = 60;

const closer = (v: View) => v.zoom(nearer);
const further = (v: View) => v.zoom(1 / nearer);
const fit = (v: View) => v.fit();
// On many keyboards plus is the equals sign with Shift.
const zooms: Record<string, (v: View) => void> = { "+": closer, "=": closer, "-": further, "0": fit };

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

	const [close, setClose] = useState(false);
	// look changes how the graph is looked at.
	const look = useCallback((change: (v: View) => void) => {
		if (!view.current) return;
		change(view.current);
		setClose(view.current.closeness > 1);
	}, []);
	const hand = useMemo(
		() =>
			new Hand({
				drag: (dx, dy) => look((v) => v.move(dx, dy)),
				pinch: (by, x, y) => look((v) => v.zoom(by, x, y)),
			}),
		[look],
	);
	useWheel(box, look);

	const place = (e: PointerEvent | MouseEvent) => within(e, box.current);
	const point = (e: PointerEvent | MouseEvent) => view.current?.nearest(...place(e)) ?? "";
	const go = (name: string) => {
		select(name);
		look((v) => v.reveal(name));
	};
	const key = (e: KeyboardEvent) => {
		const arrow = arrows[e.key];
		const zoom = zooms[e.key];
		if (e.ctrlKey || e.metaKey || e.altKey) return; // the browser's
		if (e.key === "Escape") select("");
		else if (arrow) {
			e.preventDefault();
			const [dx, dy] = arrow;
			if (e.shiftKey) look((v) => v.move(-step * dx, -step * dy));
			else go(view.current?.beside(selected, dx, dy) ?? "");
		} else if (zoom) look(zoom);
		else if (e.key === "Enter" && selected !== "") {
			document.getElementById("inspector")?.focus();
		}
	};
	const node = model.nodes.get(selected);
	if (failed !== "") return <p class="empty tall">{failed}</p>;
	const classes = ["graph", close && "close", hovered && "over"];
	return (
		<div class="stage">
			<div
				ref={box}
				class={classes.filter(Boolean).join(" ")}
				// biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys go from node to node
				tabIndex={0}
				role="application"
				aria-label={`Network graph: ${many(model.nodes.size, "node")}, ${many(model.links.size, "link")}. Arrow keys go from node to node, Enter shows one, plus and minus zoom, 0 shows all, Shift and an arrow moves the picture; the table has the same facts.`}
				onKeyDown={key}
				onPointerDown={(e) => {
					if (e.button !== 0) return;
					hand.press(e.pointerId, ...place(e));
					if (close) e.currentTarget.setPointerCapture(e.pointerId);
				}}
				onPointerMove={(e) => {
					hand.move(e.pointerId, ...place(e));
					hover(hand.holds ? "" : point(e));
				}}
				onPointerUp={(e) => hand.release(e.pointerId)}
				onPointerCancel={(e) => hand.release(e.pointerId)}
				onPointerLeave={(e) => {
					if (!e.currentTarget.hasPointerCapture(e.pointerId)) hand.release(e.pointerId);
					hover("");
				}}
				onClick={(e) => {
					if (!hand.dragged) select(point(e));
				}}
			>
				<div aria-hidden="true">
					<canvas ref={base} />
					<canvas ref={over} />
				</div>
				<p class="picked" aria-live="polite">
					{node ? words(node) : ""}
				</p>
			</div>
			<fieldset class="zoom">
				<legend class="visually-hidden">Zoom</legend>
				<button
					type="button"
					title="Zoom in (+, or Ctrl and the wheel)"
					aria-label="Zoom in"
					onClick={() => look(closer)}
				>
					+
				</button>
				<button
					type="button"
					title="Zoom out (-)"
					aria-label="Zoom out"
					disabled={!close}
					onClick={() => look(further)}
				>
					−
				</button>
				<button type="button" title="Show all of it (0)" disabled={!close} onClick={() => look(fit)}>
					Fit
				</button>
			</fieldset>
		</div>
	);
}

// useWheel zooms with Ctrl and the wheel, which is also what two fingers on a touchpad
// are; the wheel alone scrolls the page.
function useWheel(box: RefObject<HTMLElement | null>, look: (change: (v: View) => void) => void) {
	useEffect(() => {
		const element = box.current;
		if (!element) return;
		const turned = (e: WheelEvent) => {
			if (!e.ctrlKey && !e.metaKey) return;
			e.preventDefault(); // the browser's own zoom
			// A notch is 100 pixels or three lines; a touchpad sends many small steps.
			const notches = e.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? e.deltaY / 100 : e.deltaY / 3;
			look((v) => v.zoom(nearer ** -notches, ...within(e, element)));
		};
		element.addEventListener("wheel", turned, { passive: false });
		return () => element.removeEventListener("wheel", turned);
	}, [box, look]);
}

// within is where an event is in an element.
function within(e: MouseEvent, element: HTMLElement | null): [number, number] {
	const { left = 0, top = 0 } = element?.getBoundingClientRect() ?? {};
	return [e.clientX - left, e.clientY - top];
}

function words(n: NetNode): string {
	const sync = n.state === "syncing" ? `, ${percent(n.syncing_progress)}` : "";
	const spy = n.spy ? ", spy" : "";
	return `${n.name}: ${n.state}${sync}${spy}, height ${n.height}, ${many(n.peers, "peer")}`;
}
