// What the network looks like. Two layers: the network, painted when it changes,
// and a transaction on its way, painted every frame while it moves.

import type { NetLink, NetNode } from "../contract";
import type { Scene } from "../state/walk";
import type { Camera, Size } from "./camera";
import type { Spot } from "./layout";
import type { Palette } from "./palette";

// Frame turns places of the layout into pixels.
export interface Frame {
	across: number; // pixels for a unit of the layout
	down: number;
	dx: number;
	dy: number;
	width: number;
	height: number;
	zoom: number; // 1 = all of it is seen
}

export interface Picture {
	nodes: ReadonlyMap<string, NetNode>;
	links: readonly NetLink[];
	selected: string;
	hovered: string;
	stemOnly: boolean;
}

type Paint = CanvasRenderingContext2D;

// Nodes shrink as there are more of them, in pixels.
export function radius(count: number, zoom: number): number {
	return Math.max(5.5, 12 - (count * 0.08) / zoom);
}

// How much wider than high a layout may be drawn, or the other way round.
const stretch = 1.6;
// With more nodes than this only those that matter carry their names.
const labelled = 45;

export function frameOf(spots: ReadonlyMap<string, Spot>, size: Size, camera: Camera): Frame {
	const { width, height } = size;
	let [left, right, top, bottom] = [-40, 40, -40, 40];
	for (const s of spots.values()) {
		left = Math.min(left, s.x);
		right = Math.max(right, s.x);
		top = Math.min(top, s.y);
		bottom = Math.max(bottom, s.y);
	}
	const margin = 38;
	const across = (width - 2 * margin) / (right - left);
	const down = (height - 2 * margin) / (bottom - top);
	const least = Math.max(0.05, Math.min(across, down, 3.2));
	// A layout is round and a card is not: it may be drawn out to fill the card.
	const [x, y] = [Math.min(across, stretch * least), Math.min(down, stretch * least)];
	const { zoom } = camera;
	return {
		across: x * zoom,
		down: y * zoom,
		dx: (width / 2 - (x * (left + right)) / 2) * zoom + camera.x,
		dy: (height / 2 - (y * (top + bottom)) / 2) * zoom + camera.y,
		width,
		height,
		zoom,
	};
}

export function at(frame: Frame, spot: Spot): [number, number] {
	return [spot.x * frame.across + frame.dx, spot.y * frame.down + frame.dy];
}

export function paintNetwork(c: Paint, f: Frame, spots: ReadonlyMap<string, Spot>, p: Picture, colour: Palette) {
	c.fillStyle = colour.card;
	c.fillRect(0, 0, f.width, f.height);
	const chosen = p.hovered || p.selected;
	// One path a style: stroking link by link costs ten times as much.
	const plain: NetLink[] = [];
	const stem: NetLink[] = [];
	const near: NetLink[] = [];
	for (const link of p.links) {
		if (link.from === chosen || link.to === chosen) near.push(link);
		else if (link.stem) stem.push(link);
		else if (!p.stemOnly) plain.push(link);
	}
	const crowd = p.links.length > 250 ? 0.45 : 0.8;
	strokeLinks(c, f, spots, plain, colour.link, 1, crowd * (chosen ? 0.5 : 1));
	// A line of one pixel is a hair to the renderer; a wider one is a shape to fill, and two
	// hundred of those in one path took two thirds of a frame.
	strokeLinks(c, f, spots, stem, colour.stem, 1, (p.stemOnly ? 0.7 : 0.4) * (chosen ? 0.5 : 1));
	const shown = near.filter((l) => l.stem || !p.stemOnly);
	strokeLinks(
		c,
		f,
		spots,
		shown.filter((l) => !l.stem),
		colour["ink-soft"],
		1.4,
		0.9,
	);
	strokeLinks(
		c,
		f,
		spots,
		shown.filter((l) => l.stem),
		colour.stem,
		1.8,
		1,
	);
	const r = radius(p.nodes.size, f.zoom);
	for (const link of shown) if (link.stem) arrow(c, f, spots, link, colour.stem, r);

	for (const node of p.nodes.values()) {
		const spot = spots.get(node.name);
		if (!spot) continue;
		const [x, y] = at(f, spot);
		paintNode(c, x, y, r, node, colour);
		if (node.name === p.selected || node.name === p.hovered) ring(c, x, y, r + 5, colour.focus, 2);
	}
	paintLabels(c, f, spots, p, colour, r, chosen);
}

function strokeLinks(
	c: Paint,
	f: Frame,
	spots: ReadonlyMap<string, Spot>,
	links: NetLink[],
	colour: string,
	width: number,
	alpha: number,
) {
	c.beginPath();
	for (const link of links) {
		const [from, to] = [spots.get(link.from), spots.get(link.to)];
		if (!from || !to) continue;
		c.moveTo(...at(f, from));
		c.lineTo(...at(f, to));
	}
	c.strokeStyle = colour;
	c.lineWidth = width;
	c.globalAlpha = alpha;
	c.stroke();
	c.globalAlpha = 1;
}

function arrow(c: Paint, f: Frame, spots: ReadonlyMap<string, Spot>, link: NetLink, colour: string, r: number) {
	const [from, to] = [spots.get(link.from), spots.get(link.to)];
	if (!from || !to) return;
	const [x0, y0] = at(f, from);
	const [x1, y1] = at(f, to);
	head(c, x0, y0, x1, y1, r + 3, colour);
}

function head(c: Paint, x0: number, y0: number, x1: number, y1: number, gap: number, colour: string) {
	const angle = Math.atan2(y1 - y0, x1 - x0);
	const [x, y] = [x1 - gap * Math.cos(angle), y1 - gap * Math.sin(angle)];
	c.beginPath();
	c.moveTo(x, y);
	c.lineTo(x - 8 * Math.cos(angle - 0.4), y - 8 * Math.sin(angle - 0.4));
	c.lineTo(x - 8 * Math.cos(angle + 0.4), y - 8 * Math.sin(angle + 0.4));
	c.closePath();
	c.fillStyle = colour;
	c.fill();
}

// Each state has a shape of its own beside its colour: full, filling up, crossed
// out, hollow; a spy is a diamond.
function paintNode(c: Paint, x: number, y: number, r: number, node: NetNode, colour: Palette) {
	const size = node.self ? r + 2 : r;
	const main = node.spy ? colour.spy : colour[node.state];
	if (node.state === "up") {
		// One fill, rim and all: most nodes are up, and each path costs.
		outline(c, x, y, size + 1, node.spy);
		c.fillStyle = main;
		c.fill();
	} else hollow(c, x, y, size, node, colour, main);
	if (node.self && node.state !== "down") ring(c, x, y, r + 5, main, 1.5);
}

function hollow(c: Paint, x: number, y: number, r: number, node: NetNode, colour: Palette, main: string) {
	outline(c, x, y, r, node.spy);
	c.fillStyle = colour.card;
	c.fill();
	c.lineWidth = 2;
	if (node.state === "down") {
		c.strokeStyle = colour.down;
		c.setLineDash([3, 3]);
		c.stroke();
		c.setLineDash([]);
		cross(c, x, y, r * 0.45, colour.down);
		return;
	}
	c.strokeStyle = main;
	c.stroke();
	if (node.state === "syncing") pie(c, x, y, r - 2.5, node.syncing_progress, main);
}

function outline(c: Paint, x: number, y: number, r: number, diamond: boolean) {
	c.beginPath();
	if (diamond) {
		const d = r * 1.3;
		c.moveTo(x, y - d);
		c.lineTo(x + d, y);
		c.lineTo(x, y + d);
		c.lineTo(x - d, y);
		c.closePath();
	} else {
		c.arc(x, y, r, 0, 2 * Math.PI);
	}
}

function pie(c: Paint, x: number, y: number, r: number, part: number, colour: string) {
	c.beginPath();
	c.moveTo(x, y);
	c.arc(x, y, r, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * Math.min(1, Math.max(0, part)));
	c.closePath();
	c.fillStyle = colour;
	c.fill();
}

function cross(c: Paint, x: number, y: number, d: number, colour: string) {
	c.beginPath();
	c.moveTo(x - d, y - d);
	c.lineTo(x + d, y + d);
	c.moveTo(x + d, y - d);
	c.lineTo(x - d, y + d);
	c.strokeStyle = colour;
	c.stroke();
}

function ring(c: Paint, x: number, y: number, r: number, colour: string, width: number) {
	c.beginPath();
	c.arc(x, y, r, 0, 2 * Math.PI);
	c.strokeStyle = colour;
	c.lineWidth = width;
	c.stroke();
}

function paintLabels(
	c: Paint,
	f: Frame,
	spots: ReadonlyMap<string, Spot>,
	p: Picture,
	colour: Palette,
	r: number,
	chosen: string,
) {
	c.font = "12px system-ui, sans-serif";
	c.textAlign = "center";
	c.textBaseline = "top";
	c.lineJoin = "round";
	for (const node of p.nodes.values()) {
		const spot = spots.get(node.name);
		const matters = node.name === chosen || node.name === p.selected || node.self || node.state === "syncing";
		if (!spot || (p.nodes.size > labelled * f.zoom ** 2 && !matters)) continue;
		const [x, y] = at(f, spot);
		const name = node.name.length > 12 ? `…${node.name.slice(-6)}` : node.name;
		const behind = node.state === "syncing" ? ` ${Math.floor(100 * node.syncing_progress)} %` : "";
		label(c, x, y + r * (node.spy ? 1.3 : 1) + 4, name + behind, colour);
	}
}

function label(c: Paint, x: number, y: number, text: string, colour: Palette) {
	c.strokeStyle = colour.card;
	c.lineWidth = 4;
	c.strokeText(text, x, y);
	c.fillStyle = colour.ink;
	c.fillText(text, x, y);
}

export function paintScene(
	c: Paint,
	f: Frame,
	spots: ReadonlyMap<string, Spot>,
	s: Scene,
	count: number,
	colour: Palette,
) {
	c.clearRect(0, 0, f.width, f.height);
	const r = radius(count, f.zoom);
	c.lineCap = "round";
	for (const hop of s.trail) {
		const all = stretchOf(f, spots, hop.from, hop.to, 1);
		way(c, all, colour.stem, 3.5);
		if (all) head(c, ...all.from, ...all.to, r + 5, colour.stem);
	}
	for (const name of s.reached) dot(c, f, spots, name, r, colour.fluff);
	for (const name of s.stemmed) halo(c, f, spots, name, r + 4, colour.stem, 3);
	for (const { beat, part } of s.flying) {
		const done = stretchOf(f, spots, beat.from, beat.to, part);
		if (beat.kind === "stem") flight(c, done, colour.stem, 3.5, 6);
		else if (beat.kind === "fluff") {
			c.globalAlpha = 1 - part;
			halo(c, f, spots, beat.to, r + 4 + 30 * part, colour.fluff, 4);
			c.globalAlpha = 1;
		} else if (beat.from !== "") flight(c, done, colour.fluff, 1.5, 3.5);
		else {
			c.globalAlpha = part;
			dot(c, f, spots, beat.to, r, colour.fluff);
			c.globalAlpha = 1;
		}
	}
}

type Spots = ReadonlyMap<string, Spot>;

// Stretch is a part of the way from one node to another, from the first on.
interface Stretch {
	from: [number, number];
	to: [number, number];
}

function stretchOf(f: Frame, spots: Spots, from: string, to: string, part: number): Stretch | null {
	const [a, b] = [spots.get(from), spots.get(to)];
	if (!a || !b) return null;
	const [x0, y0] = at(f, a);
	const [x1, y1] = at(f, b);
	return { from: [x0, y0], to: [x0 + (x1 - x0) * part, y0 + (y1 - y0) * part] };
}

function way(c: Paint, s: Stretch | null, colour: string, width: number) {
	if (!s) return;
	c.beginPath();
	c.moveTo(...s.from);
	c.lineTo(...s.to);
	c.strokeStyle = colour;
	c.lineWidth = width;
	c.stroke();
}

// flight is what is under way: how far it has come, and itself at the end of that.
function flight(c: Paint, s: Stretch | null, colour: string, width: number, size: number) {
	if (!s) return;
	way(c, s, colour, width);
	c.beginPath();
	c.arc(...s.to, size, 0, 2 * Math.PI);
	c.fillStyle = colour;
	c.fill();
}

function dot(c: Paint, f: Frame, spots: Spots, name: string, r: number, colour: string) {
	const spot = spots.get(name);
	if (!spot) return;
	c.beginPath();
	c.arc(...at(f, spot), r, 0, 2 * Math.PI);
	c.fillStyle = colour;
	c.fill();
}

function halo(c: Paint, f: Frame, spots: Spots, name: string, r: number, colour: string, width: number) {
	const spot = spots.get(name);
	if (!spot) return;
	const [x, y] = at(f, spot);
	ring(c, x, y, r, colour, width);
}
