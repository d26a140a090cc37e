import { expect, test } from "vitest";
import { World } from "../../mock/world";
import type { NetNode } from "../contract";
import { Pace, syncTime } from "./pace";

function picture(names: string[], change: Partial<NetNode> = {}): Map<string, NetNode> {
	const [like] = new World(1, 1).network().nodes;
	if (!like) throw new Error("the fixture has a node");
	return new Map(names.map((name) => [name, { ...like, name, ...change }]));
}

function shown(pace: Pace, nodes: Map<string, NetNode>, name: string, now: number) {
	const node = nodes.get(name);
	if (!node) throw new Error(`no ${name}`);
	return pace.shown(node, now);
}

test("a node that joins is seen to sync, however fast it was", () => {
	const pace = new Pace();
	pace.meet(picture(["n1"]), 0);
	const nodes = picture(["n1", "n2"]);
	pace.meet(nodes, 1000);
	expect(shown(pace, nodes, "n1", 1000).state).toBe("up");
	expect(shown(pace, nodes, "n2", 1000 + syncTime / 4)).toMatchObject({ state: "syncing", syncing_progress: 0.25 });
	expect(pace.busy).toBe(true);
	expect(shown(pace, nodes, "n2", 1000 + syncTime).state).toBe("up");
	expect(pace.busy).toBe(false);
});

test("it is never shown further than it is", () => {
	const pace = new Pace();
	pace.meet(picture([]), 0);
	const nodes = picture(["n1"], { state: "syncing", syncing_progress: 0.1 });
	pace.meet(nodes, 0);
	expect(shown(pace, nodes, "n1", syncTime / 2).syncing_progress).toBe(0.1);
	expect(shown(pace, nodes, "n1", syncTime)).toMatchObject({ state: "syncing", syncing_progress: 0.1 });
});

test("who was there when the page was opened is not shown to join", () => {
	const pace = new Pace();
	const nodes = picture(["n1"]);
	pace.meet(nodes, 0);
	expect(shown(pace, nodes, "n1", 1)).toBe(nodes.get("n1"));
});

test("who was down joins again, and who is killed meanwhile is down at once", () => {
	const pace = new Pace();
	const [down, up] = [picture(["n1"], { state: "down" }), picture(["n1"])];
	pace.meet(down, 0);
	pace.meet(up, 10);
	expect(shown(pace, up, "n1", 20).state).toBe("syncing");
	pace.meet(down, 30);
	expect(shown(pace, down, "n1", 40).state).toBe("down");
	expect(pace.busy).toBe(false);
});
