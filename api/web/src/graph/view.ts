// The two canvases on the page. Frames are asked for only while something moves.

import { Pace } from "../state/pace";
import type { Scene } from "../state/walk";
import { type Camera, moved, showing, whole, zoomed } from "./camera";
import { Layout } from "./layout";
import { at, type Frame, frameOf, type Picture, paintNetwork, paintScene, radius } from "./paint";
import { type Palette, readPalette } from "./palette";

export class View {
	private readonly layout = new Layout();
	private readonly pace = new Pace();
	private readonly base: CanvasRenderingContext2D;
	private readonly over: CanvasRenderingContext2D;
	private readonly resized: ResizeObserver;
	private palette: Palette;
	private frame: Frame = { across: 1, down: 1, dx: 0, dy: 0, width: 1, height: 1, zoom: 1 };
	private camera = whole;
	private picture: Picture = { nodes: new Map(), links: [], selected: "", hovered: "", stemOnly: false };
	private scene: Scene | null = null;
	private pending = 0;
	private stale = true;
	calm = false; // the reader asked for no motion

	constructor(
		private readonly box: HTMLElement,
		base: HTMLCanvasElement,
		over: HTMLCanvasElement,
	) {
		// What is below everything hides all behind it, and needs no blending.
		const [b, o] = [base.getContext("2d", { alpha: false }), over.getContext("2d")];
		if (!b || !o) throw new Error("this browser draws no canvas: use the table");
		this.base = b;
		this.over = o;
		this.palette = readPalette(box);
		this.resized = new ResizeObserver(() => this.resize());
		this.resized.observe(box);
		this.resize();
	}

	close() {
		this.resized.disconnect();
		cancelAnimationFrame(this.pending);
	}

	repaint() {
		this.palette = readPalette(this.box);
		this.request();
	}

	show(picture: Picture) {
		this.picture = picture;
		this.layout.update(picture.nodes, picture.links);
		this.pace.meet(picture.nodes, performance.now());
		if (this.calm) this.layout.settle();
		this.request();
	}

	play(scene: Scene | null) {
		this.scene = scene;
		this.request(false);
	}

	// zoom looks closer, or from further off, around a point; without one around the middle.
	zoom(by: number, x = this.frame.width / 2, y = this.frame.height / 2) {
		this.look(zoomed(this.camera, by, x, y, this.frame));
	}

	move(dx: number, dy: number) {
		this.look(moved(this.camera, dx, dy, this.frame));
	}

	fit() {
		this.look(whole);
	}

	// reveal brings a node into view.
	reveal(name: string) {
		const spot = this.layout.spots.get(name);
		if (spot) this.look(showing(this.camera, ...at(this.frame, spot), this.frame));
	}

	get closeness(): number {
		return this.camera.zoom;
	}

	private look(camera: Camera) {
		this.camera = camera;
		this.request();
	}

	// nearest is the node under a point, "" = none.
	nearest(x: number, y: number): string {
		let best = "";
		let distance = (radius(this.picture.nodes.size, this.frame.zoom) + 8) ** 2;
		for (const spot of this.layout.spots.values()) {
			const [sx, sy] = at(this.frame, spot);
			const d = (sx - x) ** 2 + (sy - y) ** 2;
			if (d < distance) [best, distance] = [spot.name, d];
		}
		return best;
	}

	// beside is the next node from another in a direction, for the arrow keys.
	beside(name: string, dx: number, dy: number): string {
		const here = this.layout.spots.get(name);
		if (!here) return this.layout.spots.keys().next().value ?? "";
		let best = name;
		let least = Number.POSITIVE_INFINITY;
		for (const spot of this.layout.spots.values()) {
			const along = (spot.x - here.x) * dx + (spot.y - here.y) * dy;
			const aside = Math.abs((spot.x - here.x) * dy) + Math.abs((spot.y - here.y) * dx);
			if (spot === here || along <= 0 || aside > along * 2) continue;
			const cost = along + aside;
			if (cost < least) [best, least] = [spot.name, cost];
		}
		return best;
	}

	private resize() {
		const { clientWidth: width, clientHeight: height } = this.box;
		// Above 2 a software renderer pays more than an eye sees.
		const ratio = Math.min(2, window.devicePixelRatio || 1);
		for (const c of [this.base, this.over]) {
			c.canvas.width = Math.round(width * ratio);
			c.canvas.height = Math.round(height * ratio);
			c.setTransform(ratio, 0, 0, ratio, 0, 0);
		}
		this.frame = { ...this.frame, width, height };
		this.camera = moved(this.camera, 0, 0, this.frame);
		this.request();
	}

	private request(network = true) {
		this.stale ||= network;
		if (this.pending === 0) this.pending = requestAnimationFrame(() => this.draw());
	}

	private draw() {
		this.pending = 0;
		const { spots } = this.layout;
		if (this.layout.moving) {
			this.layout.tick();
			this.stale = true;
		}
		if (this.stale) {
			this.stale = false;
			this.frame = frameOf(spots, this.frame, this.camera);
			paintNetwork(this.base, this.frame, spots, this.paced(), this.palette);
		}
		// A layer with nothing on it is none: it would be blended all the same.
		this.over.canvas.hidden = this.scene === null;
		if (this.scene) paintScene(this.over, this.frame, spots, this.scene, this.picture.nodes.size, this.palette);
		if (this.layout.moving || (this.pace.busy && !this.calm)) this.request();
	}

	private paced(): Picture {
		if (this.calm || !this.pace.busy) return this.picture;
		const now = performance.now();
		const nodes = [...this.picture.nodes].map(([name, node]) => [name, this.pace.shown(node, now)] as const);
		return { ...this.picture, nodes: new Map(nodes) };
	}
}
