import { expect, test } from "vitest";
import { World } from "../../mock/world";
import type { Step, Trace } from "../contract";
import { hopTime, sceneAt, sceneThrough, spreadTime, summary, walk } from "./walk";

function trace(steps: Step[]): Trace {
	return { txid: "ab", origin: "n1", sent_ms: 0, bytes: 200, state: "fluff", reached: 0, nodes: 5, steps };
}

const whole = trace([
	{ at_ms: 1, kind: "stem", from: "n1", to: "n2" },
	{ at_ms: 2, kind: "stem", from: "n2", to: "n3" },
	{ at_ms: 2, kind: "fluff", node: "n3", cause: "diffuser" },
	{ at_ms: 2, kind: "seen", node: "n3" },
	{ at_ms: 3, kind: "heard", from: "n3", to: "n1" },
	{ at_ms: 3, kind: "seen", node: "n1" },
	{ at_ms: 4, kind: "heard", from: "n1", to: "n4" },
	{ at_ms: 4, kind: "seen", node: "n4" },
]);

test("a walk is told in the order in which it happened", () => {
	expect(walk(whole).beats.map((b) => `${b.kind} ${b.from}>${b.to}`)).toEqual([
		"sent >n1",
		"stem n1>n2",
		"stem n2>n3",
		"fluff >n3",
		"reach n3>n1",
		"reach n1>n4",
	]);
});

test("milliseconds are made long enough to be seen, one hop after the other", () => {
	const stems = walk(whole).beats.filter((b) => b.kind === "stem");
	expect(stems.map((b) => b.end - b.start)).toEqual([hopTime, hopTime]);
	expect(stems[1]?.start).toBe(stems[0]?.end);
});

test("an embargo of half a minute is no half minute to watch", () => {
	const w = walk(
		trace([
			{ at_ms: 1, kind: "stem", from: "n1", to: "n2" },
			{ at_ms: 31_000, kind: "fluff", node: "n2", cause: "embargo" },
		]),
	);
	expect(w.length).toBeLessThan(5000);
	expect(w.beats.at(-1)?.at_ms).toBe(31_000);
});

test("the scene before, during and after", () => {
	const w = walk(whole);
	expect([...sceneAt(w, 0).stemmed]).toEqual(["n1"]);
	const hop = w.beats[1];
	const during = sceneAt(w, (hop?.start ?? 0) + hopTime / 2);
	expect(during.flying).toHaveLength(1);
	expect(during.flying[0]?.part).toBeCloseTo(0.5);
	const after = sceneAt(w, w.length);
	expect(after.flying).toHaveLength(0);
	expect([...after.reached].sort()).toEqual(["n1", "n3", "n4"]);
	expect(after.trail.map((b) => b.to)).toEqual(["n2", "n3"]);
});

test("step by step, a step is over and the next has not begun", () => {
	const w = walk(whole);
	w.beats.forEach((beat, i) => {
		const scene = sceneThrough(w, i);
		expect(scene.current).toBe(i);
		expect(scene.flying).toHaveLength(0);
		expect(scene.reached.has(beat.to) || scene.stemmed.has(beat.to)).toBe(true);
	});
	expect(sceneThrough(w, 3).reached).toEqual(new Set(["n3"]));
});

test("steps that come out of order are put in order", () => {
	const shuffled = trace([...whole.steps].reverse());
	const order = (t: Trace) => walk(t).beats.map((b) => b.at_ms);
	expect(order(shuffled)).toEqual([...order(shuffled)].sort((a, b) => a - b));
});

test("a transaction that is still in its stem has reached nobody", () => {
	const w = walk(trace([{ at_ms: 1, kind: "stem", from: "n1", to: "n2" }]));
	expect(sceneAt(w, w.length).reached.size).toBe(0);
});

test("a hundred nodes are reached once each, within the time for it", () => {
	const world = new World(100, 5);
	world.send();
	world.turn(60_000);
	const [t] = world.txs();
	if (!t) throw new Error("it was sent");
	expect(t.state).toBe("everywhere");
	const w = walk(t);
	const reached = w.beats.filter((b) => b.kind === "reach");
	expect(new Set(reached.map((b) => b.to)).size).toBe(99);
	expect(reached).toHaveLength(99);
	const first = Math.min(...reached.map((b) => b.start));
	expect(w.length - first).toBeLessThanOrEqual(spreadTime);
	expect(sceneAt(w, w.length).reached.size).toBe(100);
});

test("one line says how far it is", () => {
	expect(summary({ ...whole, reached: 3 })).toBe("2 stem hops, fluffed by n3, 3 of 5 nodes in 4 ms");
	expect(summary(trace([{ at_ms: 1, kind: "stem", from: "n1", to: "n2" }]))).toBe("1 stem hop so far");
});
