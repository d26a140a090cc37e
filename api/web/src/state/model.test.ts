import { describe, expect, test } from "vitest";
import { World } from "../../mock/world";
import type { Network, WireEvent } from "../contract";
import { empty, feedLimit, type Model, reduce, tip } from "./model";

// follow gives a model the picture of now, and lets it hear what happens next.
function follow(world: World): () => Model {
	let model = reduce(empty, { type: "network", network: world.network() });
	world.listen((event) => {
		model = reduce(model, { type: "event", event });
	});
	return () => model;
}

function pairs(links: Iterable<{ from: string; to: string }>): string[] {
	return [...new Set([...links].map((l) => [l.from, l.to].sort().join("-")))].sort();
}

// agree: who is there, in what state, and who is linked with whom.
function agree(model: Model, network: Network) {
	const facts = (n: { name: string; state: string; height: number; group: number; spy: boolean }) =>
		`${n.name} ${n.state} ${n.height} ${n.group} ${n.spy}`;
	expect([...model.nodes.values()].map(facts).sort()).toEqual(network.nodes.map(facts).sort());
	expect(pairs(model.links.values())).toEqual(pairs(network.links));
}

function event(kind: string, data: Partial<WireEvent["data"]>): WireEvent {
	return { id: 1, kind, data: { at_ms: 1000, ...data } };
}

describe("events alone keep the picture true", () => {
	const stories: [string, (w: World) => void][] = [
		["a node joins and syncs", (w) => w.add(1)],
		["ten join at once", (w) => w.add(10)],
		["a node leaves", (w) => w.remove("n3")],
		["a node is killed", (w) => w.kill("n2")],
		[
			"a node is killed and comes back",
			(w) => {
				w.kill("n2");
				w.turn(3000);
				w.restart("n2");
			},
		],
		["the network is split", (w) => w.partition()],
		[
			"it is split and healed",
			(w) => {
				w.partition();
				w.turn(2000);
				w.heal();
			},
		],
		["a block is mined", (w) => w.mine()],
		["spies are switched on", (w) => w.watch(true, 0.2)],
		["a transaction is sent", (w) => w.send("n1")],
	];
	test.each(stories)("%s", (_, story) => {
		const world = new World(12, 7);
		const model = follow(world);
		story(world);
		world.turn(20_000);
		agree(model(), world.network());
	});
});

test("a node that syncs shows how far it is, and then that it is up", () => {
	const world = new World(6, 3);
	const model = follow(world);
	const [name] = world.add(1);
	const seen: number[] = [];
	for (let t = 0; t <= 10_000; t += 500) {
		world.turn(t);
		const node = model().nodes.get(name ?? "");
		if (node?.state === "syncing") seen.push(node.syncing_progress);
	}
	expect(seen.length).toBeGreaterThan(5);
	expect([...seen].sort((a, b) => a - b)).toEqual(seen);
	expect(model().nodes.get(name ?? "")?.state).toBe("up");
	expect(model().nodes.get(name ?? "")?.height).toBe(tip(model()));
});

function hearing(node: string) {
	let model = reduce(empty, { type: "network", network: new World(3, 1).network() });
	const hear = (kind: string, data: Partial<WireEvent["data"]>) => {
		model = reduce(model, { type: "event", event: event(kind, { node, ...data }) });
	};
	const blocks = (from: number, to: number) => {
		for (let height = from; height <= to; height++) hear("block", { at_ms: 2000 + height, height, txs: 1, bytes: 200 });
	};
	const see = (part: Partial<Network["nodes"][number]>) => {
		const [like] = new World(1, 1).network().nodes;
		if (!like) throw new Error("the fixture has a node");
		const nodes = [...model.nodes.values()].filter((n) => n.name !== node);
		model = reduce(model, {
			type: "network",
			network: { nodes: [...nodes, { ...like, name: node, ...part }], links: [] },
		});
	};
	const told = () => model.feed.filter((e) => e.kind === "in_step").map((e) => e.text);
	return { model: () => model, hear, blocks, see, told };
}

test("when a node has the whole chain, the time is that of its events", () => {
	const { model, hear, blocks, told } = hearing("n4");
	hear("node_added", { at_ms: 2000, id: "12D3KooWn4" });
	hear("headers", { at_ms: 2000, height: 120, added: 120, hash: "00" });
	blocks(1, 60);
	expect(model().nodes.get("n4")).toMatchObject({ id: "12D3KooWn4", state: "syncing", syncing_progress: 0.5 });
	blocks(61, 121);
	expect(model().nodes.get("n4")?.state).toBe("up");
	expect(told()).toEqual(["n4 is in step: 120 blocks in 120 ms"]);
});

test("a snapshot that was faster than the events takes nothing from the story", () => {
	const { model, hear, blocks, see, told } = hearing("n4");
	see({ state: "up", height: 120, headers: 120 });
	hear("node_added", { at_ms: 2000, id: "12D3KooWn4" });
	blocks(1, 60);
	expect(model().nodes.get("n4")).toMatchObject({ state: "up", height: 120 });
	blocks(61, 120);
	expect(told()).toEqual(["n4 is in step: 120 blocks in 120 ms"]);
});

test("a node that comes back and has missed nothing is not said to catch up", () => {
	const { hear, blocks, told } = hearing("n2");
	hear("node_killed", {});
	hear("node_restarted", {});
	blocks(121, 123);
	expect(told()).toEqual([]);
});

test("a node that is down stays down, whatever it had said", () => {
	let model = reduce(empty, { type: "network", network: new World(3, 1).network() });
	model = reduce(model, { type: "event", event: event("node_killed", { node: "n2" }) });
	model = reduce(model, { type: "event", event: event("block", { node: "n2", height: 121 }) });
	expect(model.nodes.get("n2")?.state).toBe("down");
});

test("a snapshot overrules what events said", () => {
	const world = new World(5, 1);
	let model = reduce(empty, { type: "network", network: world.network() });
	model = reduce(model, { type: "event", event: event("node_added", { node: "ghost", id: "12D3KooWghost" }) });
	expect(model.nodes.has("ghost")).toBe(true);
	model = reduce(model, { type: "network", network: world.network() });
	expect(model.nodes.has("ghost")).toBe(false);
	expect(model.names.has("12D3KooWghost")).toBe(false);
});

test("links to nobody are not drawn", () => {
	const network = new World(3, 1).network();
	network.links.push({ from: "n1", to: "n99", inbound_known: true, kind: "full", since_ms: 0, stem: false });
	const model = reduce(empty, { type: "network", network });
	expect([...model.links.values()].every((l) => model.nodes.has(l.to))).toBe(true);
});

test("on a real node events without a node are its own", () => {
	const network = new World(3, 1).network();
	const [self, peer] = network.nodes;
	if (!self || !peer) throw new Error("the fixture has nodes");
	self.self = true;
	network.links = [];
	let model = reduce(empty, { type: "network", network });
	model = reduce(model, { type: "event", event: event("peer_up", { peer: peer.id, inbound: true, height: 3 }) });
	expect(model.links.get(`${peer.name}>${self.name}`)).toBeDefined();
	model = reduce(model, { type: "event", event: event("block", { height: 121, hash: "00", txs: 1, bytes: 9 }) });
	expect(model.nodes.get(self.name)?.height).toBe(121);
	model = reduce(model, { type: "event", event: event("peer_down", { peer: peer.id, reason: "remote_left" }) });
	expect(model.links.size).toBe(0);
});

test("a reorganisation takes the height back", () => {
	let model = reduce(empty, { type: "network", network: new World(3, 1).network() });
	model = reduce(model, { type: "event", event: event("block_undone", { node: "n1", height: 120 }) });
	expect(model.nodes.get("n1")?.height).toBe(119);
});

test("unknown events and nodes change nothing but the feed", () => {
	const before = reduce(empty, { type: "network", network: new World(3, 1).network() });
	for (const e of [
		event("something_new", { node: "n1" }),
		event("block", { node: "nobody", height: 7 }),
		event("peer_up", { node: "n1", peer: "nobody" }),
		event("peer_down", { node: "nobody", peer: "n1" }),
		event("node_added", {}),
		event("node_killed", {}),
	]) {
		const after = reduce(before, { type: "event", event: e });
		expect(after.nodes).toEqual(before.nodes);
		expect(after.links).toEqual(before.links);
		expect(after.feed).toHaveLength(1);
	}
});

test("the feed forgets its oldest", () => {
	let model = empty;
	for (let i = 1; i <= feedLimit + 5; i++) {
		model = reduce(model, { type: "event", event: { id: i, kind: "healed", data: { at_ms: i } } });
	}
	expect(model.feed).toHaveLength(feedLimit);
	expect(model.feed[0]?.seq).toBe(feedLimit + 5);
});

test("a model that was shown is never changed afterwards", () => {
	const world = new World(4, 1);
	const model = reduce(empty, { type: "network", network: world.network() });
	const kept = structuredClone({ nodes: model.nodes, links: model.links });
	reduce(model, { type: "event", event: event("node_removed", { node: "n1" }) });
	reduce(model, {
		type: "event",
		event: event("partitioned", {
			groups: [
				["n1", "n2"],
				["n3", "n4"],
			],
		}),
	});
	expect({ nodes: model.nodes, links: model.links }).toEqual(kept);
});
