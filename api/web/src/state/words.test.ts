import { expect, test } from "vitest";
import { describe, source } from "./describe";
import { ago, bytes, count, duration, many, percent, shortHash } from "./format";
import { wilson } from "./interval";

test("numbers read as people write them", () => {
	expect([0, 999, 1000, 15_500, 123_456_789, 5e12].map(bytes)).toEqual([
		"0 B",
		"999 B",
		"1.0 kB",
		"15.5 kB",
		"123 MB",
		"5.0 TB",
	]);
	expect([0, 999, 1000, 1_234_567].map(count)).toEqual(["0", "999", "1 000", "1 234 567"]);
	expect([0, 1, 2, 1000].map((n) => many(n, "peer"))).toEqual(["0 peers", "1 peer", "2 peers", "1 000 peers"]);
	expect([3, 1500, 42_000, 61_000, 3_700_000, 90_000_000].map(duration)).toEqual([
		"3 ms",
		"1.5 s",
		"42 s",
		"1 min 1 s",
		"1 h 1 min",
		"1 d 1 h",
	]);
	expect([0, 0.123, 0.9996, 1].map(percent)).toEqual(["0 %", "12 %", "100.0 %", "100 %"]);
	expect(ago(1000, 2500)).toBe("just now");
	expect(ago(1000, 6700)).toBe("5 s ago");
	expect(ago(9000, 1000)).toBe("just now");
});

test("where a peer is known from, and what a later release may add", () => {
	const told = ["book", "dns:seed.example.org", "dns", "addnode", "inbound", "", "rendezvous_point"].map(source);
	expect(told).toEqual([
		"address book",
		"DNS seed seed.example.org",
		"DNS seed",
		"--addnode",
		"it dialled",
		"–",
		"rendezvous point",
	]);
});

test("a hash keeps both its ends", () => {
	expect(shortHash("0000000a".padEnd(58, "5").padEnd(64, "b"))).toBe("000000…bbbbbb");
	expect(shortHash("short")).toBe("short");
});

// The bounds are those of Wilson's formula, computed with R: prop.test(x, n,
// correct = FALSE).
test("few trials leave a wide interval", () => {
	expect(wilson(0, 0)).toBeNull();
	const cases: [number, number, number, number][] = [
		[0, 1, 0, 0.7935],
		[1, 1, 0.2065, 1],
		[5, 10, 0.2366, 0.7634],
		[10, 100, 0.0552, 0.1744],
	];
	for (const [right, all, low, high] of cases) {
		const i = wilson(right, all);
		expect(i?.low).toBeCloseTo(low, 4);
		expect(i?.high).toBeCloseTo(high, 4);
		expect(i?.share).toBe(right / all);
	}
});

test("events are told with names, and a stranger's words stay words", () => {
	const name = (id: string) => (id === "12D3A" ? "n2" : id);
	const said = (kind: string, data: object) => describe({ id: 1, kind, data: { at_ms: 1, ...data } }, name);
	expect(said("tx_stemmed", { node: "n1", txid: "abcd", to: "12D3A" }).text).toBe("abcd: stem from n1 to n2");
	expect(said("tx_fluffed", { node: "n1", txid: "abcd", cause: "no_peer" }).text).toContain("no stem peer");
	expect(said("peer_down", { node: "n1", peer: "12D3A", reason: "remote_left" }).text).toBe("n1 lost n2: remote left");
	expect(said("banned", { subject: "<b>x</b>", reason: "bad_proof_of_work" }).text).toBe(
		"this node banned <b>x</b>: bad proof of work",
	);
	expect(said("partitioned", { groups: [["a", "b"], ["c"]] })).toEqual({
		text: "network split into parts of 2 and 1",
		weight: "loud",
	});
	const block = { height: 7, txs: 2 };
	expect(said("block", { node: "n1", ...block }).weight).toBe("quiet");
	expect(said("block", block)).toEqual({ text: "this node is at height 7, 2 transactions", weight: "plain" });
	expect(said("block", { height: 8, txs: 1 }).text).toBe("this node is at height 8, 1 transaction");
	expect(said("never_heard_of", {})).toEqual({ text: "never_heard_of", weight: "quiet" });
});
