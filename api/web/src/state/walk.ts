// A transaction's way through the network as something that can be watched: what
// took milliseconds is given seconds, what took an embargo of half a minute is
// cut short, and the order of what happened is kept. The real times stand beside
// each step; only the playing is slowed.

import type { Step, Trace } from "../contract";
import { cause } from "./describe";
import { duration } from "./format";

// Playing times in ms, chosen to be followed with the eye: a hop of the stem, the
// pause in which a fluff is noticed, and the spread to all nodes.
export const hopTime = 900;
export const fluffPause = 700;
export const spreadTime = 2600;
// A real wait longer than longWait (an embargo) is shown as a wait of waitTime.
const longWait = 2000;
const waitTime = 1200;
// A message that spreads travels this long.
export const flightTime = 450;

export interface Beat {
	kind: "sent" | "stem" | "fluff" | "reach";
	from: string; // "" when nobody is known to have brought it
	to: string; // where it is after this beat
	start: number; // playing time at which it sets out
	end: number; // playing time at which it is there
	at_ms: number; // real time since it was sent
	text: string;
}

export interface Walk {
	txid: string;
	beats: Beat[]; // by start
	length: number; // playing time of the whole
}

export function walk(trace: Trace): Walk {
	const beats: Beat[] = [
		{
			kind: "sent",
			from: "",
			to: trace.origin,
			start: 0,
			end: 0,
			at_ms: 0,
			text: `${trace.origin || "a stranger"} sends it`,
		},
	];
	const steps = [...trace.steps].sort((a, b) => a.at_ms - b.at_ms);
	let now = 300;
	let real = 0;
	for (const step of steps) {
		if (step.kind !== "stem" && step.kind !== "fluff") continue;
		if (step.at_ms - real > longWait) now += waitTime;
		real = step.at_ms;
		if (step.kind === "stem") {
			const [from, to] = [step.from ?? "", step.to ?? ""];
			beats.push({
				kind: "stem",
				from,
				to,
				start: now,
				end: now + hopTime,
				at_ms: real,
				text: `stem: ${from} → ${to}`,
			});
			now += hopTime;
		} else {
			const node = step.node ?? step.from ?? "";
			const why = cause(step.cause ?? "");
			const text = `fluff: ${node} publishes it${why === "" ? "" : `, ${why}`}`;
			beats.push({ kind: "fluff", from: "", to: node, start: now, end: now + fluffPause, at_ms: real, text });
			now += fluffPause;
		}
	}
	const reached = spread(steps, beats);
	const first = reached[0]?.at_ms ?? 0;
	const last = reached.at(-1)?.at_ms ?? first;
	reached.forEach((r, i) => {
		// By time where times differ, by order where a millisecond holds many.
		const byTime = last > first ? (r.at_ms - first) / (last - first) : 0;
		const byTurn = reached.length > 1 ? i / (reached.length - 1) : 0;
		const start = now + (spreadTime - flightTime) * (0.5 * byTime + 0.5 * byTurn);
		beats.push({ ...r, start, end: start + flightTime });
	});
	const length = Math.max(...beats.map((b) => b.end));
	return { txid: trace.txid, beats, length };
}

// spread is the first time that each node got the transaction in its fluff.
function spread(steps: Step[], before: Beat[]): Beat[] {
	const fluffer = before.find((b) => b.kind === "fluff")?.to;
	if (fluffer === undefined) return [];
	const at = new Map<string, { at_ms: number; from: string }>();
	for (const step of steps) {
		if (step.kind !== "heard" && step.kind !== "seen") continue;
		const node = step.node ?? step.to ?? "";
		if (node === "" || node === fluffer) continue;
		const have = at.get(node);
		if (!have) at.set(node, { at_ms: step.at_ms, from: step.from ?? "" });
		else if (have.from === "" && step.from) have.from = step.from;
	}
	return [...at]
		.map(([to, { at_ms, from }]): Beat => {
			const text = from === "" ? `${to} has it` : `${to} has it, from ${from}`;
			return { kind: "reach", from, to, start: 0, end: 0, at_ms, text };
		})
		.sort((a, b) => a.at_ms - b.at_ms || (a.to < b.to ? -1 : 1));
}

export interface Scene {
	stemmed: Set<string>; // nodes that carried it in its stem
	reached: Set<string>; // nodes that have it in the open
	flying: { beat: Beat; part: number }[]; // under way now, part 0..1 of the way
	trail: Beat[]; // stem hops that are done
	current: number; // index of the latest beat that has begun
}

// sceneAt is what there is to see at a playing time.
export function sceneAt(w: Walk, time: number): Scene {
	const scene: Scene = { stemmed: new Set(), reached: new Set(), flying: [], trail: [], current: 0 };
	w.beats.forEach((beat, i) => {
		if (beat.start > time) return;
		scene.current = i;
		if (beat.end <= time) {
			arrive(scene, beat);
			return;
		}
		scene.flying.push({ beat, part: (time - beat.start) / Math.max(1, beat.end - beat.start) });
		if (beat.kind === "fluff") scene.reached.add(beat.to);
	});
	return scene;
}

// sceneThrough is what there is to see after one beat, though others of the same
// moment may be under way when it is played.
export function sceneThrough(w: Walk, last: number): Scene {
	const scene: Scene = { stemmed: new Set(), reached: new Set(), flying: [], trail: [], current: last };
	for (const beat of w.beats.slice(0, last + 1)) arrive(scene, beat);
	return scene;
}

function arrive(scene: Scene, beat: Beat) {
	if (beat.kind === "sent" || beat.kind === "stem") scene.stemmed.add(beat.to);
	else scene.reached.add(beat.to);
	if (beat.kind === "stem") scene.trail.push(beat);
}

// summary says in one line how far a transaction is.
export function summary(t: Trace): string {
	const hops = t.steps.filter((s) => s.kind === "stem").length;
	const fluff = t.steps.find((s) => s.kind === "fluff");
	const last = t.steps.reduce((ms, s) => Math.max(ms, s.at_ms), 0);
	const stem = `${hops} stem ${hops === 1 ? "hop" : "hops"}`;
	if (!fluff) return `${stem} so far`;
	const where = `fluffed by ${fluff.node ?? fluff.from ?? "?"}`;
	return `${stem}, ${where}, ${t.reached} of ${t.nodes} nodes in ${duration(last)}`;
}
