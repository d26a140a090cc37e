// What the page knows, and how events change it. Nothing here draws, waits or
// asks: a model and an event go in, a new model comes out, so that a test can
// hold the page's picture of the network against the network.

import type { EventData, Info, NetLink, NetNode, Network, Spy, Trace, WireEvent } from "../contract";
import { describe, type Weight } from "./describe";
import { duration } from "./format";

// The feed keeps this many entries: some minutes of a busy network of a hundred
// nodes, at about 200 bytes each.
export const feedLimit = 400;

export type Connection = "connecting" | "live" | "lost";

export interface Entry {
	seq: number; // grows from entry to entry
	at_ms: number;
	kind: string;
	node: string; // "" = none in particular
	text: string;
	weight: Weight;
}

export interface Model {
	info: Info | null;
	nodes: ReadonlyMap<string, NetNode>;
	links: ReadonlyMap<string, NetLink>;
	names: ReadonlyMap<string, string>; // peer id → name
	loaded: boolean; // a picture of the network has come
	connection: Connection;
	error: string; // the last thing that went wrong; "" = nothing
	feed: readonly Entry[]; // newest first
	begun: ReadonlyMap<string, { at_ms: number; first?: number }>; // who has come: when, and its first block
	traces: readonly Trace[]; // newest first
	spy: Spy | null;
}

export const empty: Model = {
	info: null,
	nodes: new Map(),
	links: new Map(),
	names: new Map(),
	loaded: false,
	connection: "connecting",
	error: "",
	feed: [],
	begun: new Map(),
	traces: [],
	spy: null,
};

export type Change =
	| { type: "info"; info: Info }
	| { type: "network"; network: Network }
	| { type: "event"; event: WireEvent }
	| { type: "traces"; traces: Trace[] }
	| { type: "spy"; spy: Spy }
	| { type: "connection"; connection: Connection }
	| { type: "error"; message: string };

export function linkKey(from: string, to: string): string {
	return `${from}>${to}`;
}

export function reduce(model: Model, change: Change): Model {
	switch (change.type) {
		case "info":
			return { ...model, info: change.info };
		case "network":
			return withNetwork(model, change.network);
		case "event":
			return withEvent(model, change.event);
		case "traces":
			return { ...model, traces: change.traces };
		case "spy":
			return withSpy(model, change.spy);
		case "connection":
			return { ...model, connection: change.connection };
		case "error":
			return { ...model, error: change.message };
	}
}

// A snapshot is the whole truth of its moment: what it does not name is gone.
function withNetwork(model: Model, network: Network): Model {
	const nodes = new Map(network.nodes.map((n) => [n.name, n]));
	const names = new Map(network.nodes.map((n) => [n.id, n.name]));
	const known = network.links.filter((l) => nodes.has(l.from) && nodes.has(l.to));
	const links = new Map(known.map((l) => [linkKey(l.from, l.to), l]));
	return { ...model, nodes, names, links, loaded: true, error: "" };
}

function withSpy(model: Model, spy: Spy): Model {
	const nodes = new Map(model.nodes);
	for (const [name, node] of nodes) {
		const is = spy.on && spy.spies.includes(name);
		if (node.spy !== is) nodes.set(name, { ...node, spy: is });
	}
	return { ...model, nodes, spy };
}

function withEvent(model: Model, event: WireEvent): Model {
	const { kind, data } = event;
	const { text, weight } = describe(event, (id) => nameOf(model, id));
	const entry = { at_ms: data.at_ms, kind, node: data.node ?? "", text, weight };
	return noteInStep(note(apply(model, event), entry), event);
}

function note(model: Model, entry: Omit<Entry, "seq">): Model {
	const seq = (model.feed[0]?.seq ?? 0) + 1;
	return { ...model, feed: [{ seq, ...entry }, ...model.feed].slice(0, feedLimit) };
}

// noteInStep follows a node that has come or come back to the block with which it
// has the whole chain, and says how long that took by its own events: a snapshot
// may have told that it is there before they came.
function noteInStep(model: Model, { kind, data }: WireEvent): Model {
	const name = data.node ?? "";
	const since = model.begun.get(name);
	const node = model.nodes.get(name);
	if (kind !== "block" || data.height === undefined || !since || !node) return model;
	const begun = new Map(model.begun);
	const first = since.first ?? data.height;
	if (data.height < Math.max(node.headers, tip(model, node.group))) {
		return { ...model, begun: begun.set(name, { ...since, first }) };
	}
	begun.delete(name);
	const blocks = data.height - first + 1;
	// One block is what every node gets now and then: it had missed none.
	if (blocks === 1) return { ...model, begun };
	const took = duration(Math.max(0, data.at_ms - since.at_ms));
	const text = `${name} is in step: ${blocks} blocks in ${took}`;
	return note({ ...model, begun }, { at_ms: data.at_ms, kind: "in_step", node: name, text, weight: "loud" });
}

function apply(model: Model, { kind, data }: WireEvent): Model {
	switch (kind) {
		case "node_added":
		case "node_restarted":
			return addNode(model, data);
		case "node_removed":
			return dropNode(model, data.node ?? "");
		case "node_killed":
			return unlink(change(model, data.node, { state: "down", peers: 0 }), (l) => touches(l, data.node ?? ""));
		case "block":
			return heightened(model, data);
		case "block_undone":
			return change(model, subject(model, data), { height: (data.height ?? 1) - 1 });
		case "headers": {
			const node = model.nodes.get(subject(model, data));
			return node && data.height !== undefined
				? change(model, node.name, { headers: Math.max(node.headers, data.height) })
				: model;
		}
		case "peer_up":
			return linkUp(model, data);
		case "peer_down":
			return linkDown(model, data);
		case "partitioned":
			return parted(model, data.groups ?? []);
		case "healed":
			return parted(model, []);
		case "spy":
			return spying(model, data);
		default:
			return model;
	}
}

// spying: the spies are others now, and what the former ones had found is void.
function spying(model: Model, data: EventData): Model {
	const { on = false, spies = [], fraction = 0 } = data;
	return withSpy(model, { on, spies, fraction, seen: 0, guesses: 0, precision: null, recall: null, recent: [] });
}

// subject is the node that an event happened at; on a real node its own.
export function subject(model: Model, data: EventData): string {
	if (data.node !== undefined) return nameOf(model, data.node);
	for (const node of model.nodes.values()) if (node.self) return node.name;
	return "";
}

export function nameOf(model: Model, id: string): string {
	return model.names.get(id) ?? id;
}

function change(model: Model, name: string | undefined, part: Partial<NetNode>): Model {
	const node = name === undefined ? undefined : model.nodes.get(name);
	if (!node) return model;
	return { ...model, nodes: new Map(model.nodes).set(node.name, { ...node, ...part }) };
}

function addNode(model: Model, data: EventData): Model {
	const name = data.node ?? "";
	if (name === "") return model;
	const before = model.nodes.get(name);
	const id = data.id ?? before?.id ?? "";
	const begun = new Map(model.begun).set(name, { at_ms: data.at_ms });
	// A snapshot may have been faster.
	if (before && before.state !== "down") return named({ ...model, begun }, { ...before, id });
	const node: NetNode = {
		name,
		id,
		self: false,
		state: "syncing",
		height: before?.height ?? 0,
		headers: before?.headers ?? 0,
		peers: 0,
		mempool: 0,
		spy: false,
		group: 0,
		syncing_progress: 0,
	};
	return named({ ...model, begun }, node);
}

function named(model: Model, node: NetNode): Model {
	const names = new Map(model.names);
	if (node.id !== "") names.set(node.id, node.name);
	return { ...model, nodes: new Map(model.nodes).set(node.name, node), names };
}

function dropNode(model: Model, name: string): Model {
	const nodes = new Map(model.nodes);
	nodes.delete(name);
	return unlink({ ...model, nodes }, (l) => touches(l, name));
}

function touches(link: NetLink, name: string): boolean {
	return link.from === name || link.to === name;
}

function unlink(model: Model, gone: (l: NetLink) => boolean): Model {
	const links = new Map([...model.links].filter(([, l]) => !gone(l)));
	return links.size === model.links.size ? model : { ...model, links };
}

// A block moves its node, and with it how far the network is.
function heightened(model: Model, data: EventData): Model {
	const node = model.nodes.get(subject(model, data));
	if (!node || data.height === undefined) return model;
	const headers = Math.max(node.headers, data.height);
	const height = Math.max(node.height, data.height);
	if (node.state !== "syncing") return change(model, node.name, { height, headers });
	const top = Math.max(headers, tip(model, node.group));
	const behind = data.height < top;
	return change(model, node.name, {
		height,
		headers,
		state: behind ? "syncing" : "up",
		syncing_progress: behind ? data.height / top : 1,
	});
}

// parts is how many parts the network is in.
export function parts(model: Model): number {
	return new Set([...model.nodes.values()].map((n) => n.group)).size;
}

// tip is the greatest height that a node has validated, of one part of a split
// network or of all of it.
export function tip(model: Model, group?: number): number {
	let top = 0;
	for (const node of model.nodes.values()) {
		if (node.state !== "down" && (group === undefined || node.group === group)) top = Math.max(top, node.height);
	}
	return top;
}

function linkUp(model: Model, data: EventData): Model {
	const at = subject(model, data);
	const peer = nameOf(model, data.peer ?? "");
	if (!model.nodes.has(at) || !model.nodes.has(peer)) return model;
	const [from, to] = data.inbound ? [peer, at] : [at, peer];
	const key = linkKey(from, to);
	if (model.links.has(key)) return model;
	// The event does not say what the link is for; the next snapshot does.
	const link: NetLink = { from, to, inbound_known: true, kind: "full", since_ms: data.at_ms, stem: false };
	return { ...model, links: new Map(model.links).set(key, link) };
}

function linkDown(model: Model, data: EventData): Model {
	const at = subject(model, data);
	const peer = nameOf(model, data.peer ?? "");
	return unlink(model, (l) => (l.from === at && l.to === peer) || (l.from === peer && l.to === at));
}

function parted(model: Model, groups: string[][]): Model {
	const group = new Map(groups.flatMap((names, i) => names.map((name) => [name, i] as const)));
	const nodes = new Map([...model.nodes].map(([name, n]) => [name, { ...n, group: group.get(name) ?? 0 }]));
	const whole = { ...model, nodes };
	if (groups.length === 0) return whole;
	return unlink(whole, (l) => group.get(l.from) !== group.get(l.to));
}
