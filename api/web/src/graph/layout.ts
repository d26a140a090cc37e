// Where nodes stand: d3-force's simulation, stepped by whoever draws, so that a
// settled picture costs nothing.

import {
	type Force,
	forceCollide,
	forceLink,
	forceManyBody,
	forceSimulation,
	forceX,
	forceY,
	type Simulation,
	type SimulationLinkDatum,
	type SimulationNodeDatum,
} from "d3-force";
import type { NetLink, NetNode } from "../contract";

export interface Spot extends SimulationNodeDatum {
	name: string;
	group: number;
	x: number;
	y: number;
}

type Edge = SimulationLinkDatum<Spot>;

// Below this the picture has settled; d3's own threshold leaves a second of
// motion that nobody sees.
const settled = 0.02;
// Room for one node, in units of the layout; what a node of a hundred is given.
const room = 26;

export class Layout {
	readonly spots = new Map<string, Spot>();
	private readonly simulation: Simulation<Spot, Edge>;
	private readonly pull = forceLink<Spot, Edge>([])
		.id((s) => s.name)
		.distance(room * 2.2);
	private shape = "";

	constructor() {
		this.simulation = forceSimulation<Spot, Edge>([])
			.force(
				"charge",
				forceManyBody<Spot>()
					.strength(-160)
					.distanceMax(room * 16),
			)
			.force("pull", this.pull as unknown as Force<Spot, Edge>)
			.force("collide", forceCollide<Spot>(room * 0.62))
			.stop();
	}

	// update takes the network as it is now; positions are kept, and only a change
	// of who is there, linked or parted sets the picture in motion.
	update(nodes: ReadonlyMap<string, NetNode>, links: Iterable<NetLink>) {
		const pairs = new Map<string, [string, string]>();
		for (const { from, to } of links) {
			if (nodes.has(from) && nodes.has(to)) pairs.set(from < to ? `${from} ${to}` : `${to} ${from}`, [from, to]);
		}
		const shape = [...nodes.values()].map((n) => `${n.name}:${n.group}`).join() + [...pairs.keys()].sort().join();
		if (shape === this.shape) return;
		const first = this.shape === "";
		this.shape = shape;

		for (const name of this.spots.keys()) if (!nodes.has(name)) this.spots.delete(name);
		for (const node of nodes.values()) {
			const spot = this.spots.get(node.name) ?? this.place(node.name, [...pairs.values()]);
			spot.group = node.group;
			spot.fx = node.self ? 0 : null;
			spot.fy = node.self ? 0 : null;
			this.spots.set(node.name, spot);
		}
		this.simulation.nodes([...this.spots.values()]);
		this.pull.links([...pairs.values()].map(([source, target]) => ({ source, target })));
		this.gather(nodes, new Set([...pairs.values()].flat()));
		this.simulation.alpha(Math.max(this.simulation.alpha(), first ? 1 : 0.35));
		// The first picture is shown when most of it is in place.
		if (first) this.simulation.tick(60);
	}

	// place puts a new node beside one that it is linked with, else at the rim.
	private place(name: string, pairs: [string, string][]): Spot {
		const mates = pairs.filter((p) => p.includes(name)).map(([a, b]) => (a === name ? b : a));
		const mate = mates.map((m) => this.spots.get(m)).find((s) => s !== undefined);
		const turn = this.spots.size * 2.4; // radians: the golden angle, so that newcomers do not pile up
		const far = mate ? room * 2 : room * Math.sqrt(this.spots.size + 1);
		return { name, group: 0, x: (mate?.x ?? 0) + far * Math.cos(turn), y: (mate?.y ?? 0) + far * Math.sin(turn) };
	}

	// gather holds the groups of a partition apart, side by side, and near the rest
	// whom no link holds.
	private gather(nodes: ReadonlyMap<string, NetNode>, held: Set<string>) {
		const parts = [...new Set([...nodes.values()].map((n) => n.group))].sort((a, b) => a - b);
		const groups = parts.length;
		const apart = groups > 1 ? room * 2.4 * Math.sqrt(nodes.size) + room * 3 : 0;
		const x = (s: Spot) => (parts.indexOf(s.group) - (groups - 1) / 2) * apart;
		this.simulation
			.force(
				"x",
				forceX<Spot>(x).strength((s) => (held.has(s.name) && groups < 2 ? 0.05 : 0.16)),
			)
			.force(
				"y",
				forceY<Spot>(0).strength((s) => (held.has(s.name) && groups < 2 ? 0.06 : 0.12)),
			);
	}

	get moving(): boolean {
		return this.simulation.alpha() > settled && this.spots.size > 0;
	}

	tick() {
		this.simulation.tick();
	}

	settle() {
		while (this.moving) this.tick();
	}
}
