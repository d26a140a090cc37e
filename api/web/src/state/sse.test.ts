import { expect, test } from "vitest";
import { backoff, SseParser, stales } from "./sse";

const text = [
	": hello",
	"",
	"id: 41",
	"event: node_added",
	'data: {"at_ms":5,"name":"n1"}',
	"",
	": beat",
	"",
	"id: 42",
	"event: healed",
	'data: {"at_ms":6,',
	'data: "node":"ü"}',
	"",
	"",
].join("\n");

test("events are the same wherever the stream is cut", () => {
	const whole = new SseParser().feed(text);
	expect(whole).toEqual([
		{ id: 41, kind: "node_added", data: { at_ms: 5, name: "n1" } },
		{ id: 42, kind: "healed", data: { at_ms: 6, node: "ü" } },
	]);
	for (const ending of ["\n", "\r\n"]) {
		const stream = text.replaceAll("\n", ending);
		for (let cut = 0; cut <= stream.length; cut++) {
			const parser = new SseParser();
			expect([...parser.feed(stream.slice(0, cut)), ...parser.feed(stream.slice(cut))]).toEqual(whole);
		}
	}
});

test("where the server stands is known before anything happens", () => {
	const parser = new SseParser();
	expect(parser.last).toBe("");
	expect(parser.feed("id: 77\nretry: 2000\n\n")).toEqual([]);
	expect(parser.last).toBe("77");
});

test("half an event is not an event", () => {
	expect(new SseParser().feed('event: healed\ndata: {"at_ms":1}\n')).toEqual([]);
});

test("one that cannot be read does not end the stream", () => {
	const events = new SseParser().feed('data: {"at_ms":\n\ndata: 7\n\nid: 3\nevent: healed\ndata: {"at_ms":1}\n\n');
	expect(events.map((e) => e.id)).toEqual([3]);
});

test("a gap makes everything out of date", () => {
	expect(stales("gap")).toEqual({ network: true, traces: true, spy: true });
	expect(stales("charged")).toEqual({ network: false, traces: false, spy: false });
});

test("new attempts come quickly, then every ten seconds", () => {
	expect([0, 1, 2, 3, 4, 5, 60].map(backoff)).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});
