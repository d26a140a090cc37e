// An event in words, for the feed and for those who hear the page.

import type { WireEvent } from "../contract";
import { bytes, duration, many, shortHash } from "./format";

// loud is spoken and shown; plain is shown; quiet is shown when asked for: on a
// hundred nodes one transaction makes some hundred of them.
export type Weight = "loud" | "plain" | "quiet";

export interface Description {
	text: string;
	weight: Weight;
}

export function describe({ kind, data: d }: WireEvent, name: (id: string) => string): Description {
	const at = d.node === undefined ? "this node" : name(d.node);
	const peer = name(d.peer ?? "");
	const tx = shortHash(d.txid ?? "");
	const loud = (text: string): Description => ({ text, weight: "loud" });
	const plain = (text: string): Description => ({ text, weight: "plain" });
	const quiet = (text: string): Description => ({ text, weight: "quiet" });
	// Of one node what would be a flood of a hundred is worth a line.
	const alone = (text: string) => (d.node === undefined ? plain(text) : quiet(text));
	switch (kind) {
		case "node_added":
			return loud(`${at} joined`);
		case "node_restarted":
			return loud(`${at} is back`);
		case "node_removed":
			return loud(`${at} left`);
		case "node_killed":
			return loud(`${at} was killed`);
		case "partitioned":
			return loud(`network split into parts of ${(d.groups ?? []).map((g) => g.length).join(" and ")}`);
		case "healed":
			return loud("network whole again");
		case "spy":
			return d.on ? plain(`spies listen: ${(d.spies ?? []).join(", ")}`) : plain("spies off");
		case "tx_sent":
			return loud(`${at} sent ${tx}`);
		case "tx_mined":
			return loud(`${(d.txids ?? []).map(shortHash).join(", ")} mined at height ${d.height}`);
		case "tx_stemmed":
			return plain(`${tx}: stem from ${at} to ${name(d.to ?? "")}`);
		case "tx_fluffed":
			return plain(`${tx}: ${at} ends the stem (${cause(d.cause ?? "")})`);
		case "tx_heard":
			return quiet(`${at} heard of ${(d.txids ?? []).map(shortHash).join(", ")} from ${name(d.from ?? "")}`);
		case "tx_accepted":
			return quiet(`${tx}: in the mempool of ${at}, ${bytes(d.bytes ?? 0)}`);
		case "tx_refused":
			return plain(`${at} refused ${tx || "a transaction"}: ${words(d.reason)}`);
		case "block":
			return alone(`${at} is at height ${d.height}, ${many(d.txs ?? 0, "transaction")}`);
		case "block_undone":
			return plain(`${at} undid block ${d.height}`);
		case "headers":
			return quiet(`${at} has ${many(d.added ?? 0, "more header")}, to ${d.height}`);
		case "sync_stalled":
			return plain(`${at}: ${peer} held blocks back for ${duration(d.timeout_ms ?? 0)}`);
		case "peer_up":
			return alone(d.inbound ? `${peer} connected to ${at}` : `${at} connected to ${peer}`);
		case "peer_down":
			return alone(`${at} lost ${peer}: ${words(d.reason)}`);
		case "charged":
			return plain(`${at} charged ${peer}: ${words(d.reason)}`);
		case "banned":
			return loud(`${at} banned ${name(d.subject ?? "")}: ${words(d.reason)}`);
		case "gap":
			return plain(d.missed === undefined ? "some events were missed" : `${many(d.missed, "event")} missed`);
		default:
			return quiet(kind);
	}
}

// source tells how a node came to know a peer, as its events name it.
export function source(origin: string): string {
	const [kind, seed] = origin.split(":", 2);
	switch (kind) {
		case "book":
			return "address book";
		case "anchor":
			return "anchor of the last run";
		case "dns":
			return seed ? `DNS seed ${seed}` : "DNS seed";
		case "fixed":
			return "built in";
		case "peers":
			return "another peer";
		case "operator":
			return "operator";
		case "connect":
		case "addnode":
			return `--${kind}`;
		case "inbound":
			return "it dialled";
		default:
			return origin === "" ? "–" : words(origin);
	}
}

// words makes a reason code readable; the code itself stays recognisable.
export function words(code: string | undefined): string {
	return (code ?? "no reason given").replaceAll("_", " ");
}

// Why a stem ended, as the node's events name it.
export function cause(code: string): string {
	switch (code) {
		case "diffuser":
			return "it is a diffuser in this epoch";
		case "chosen":
			return "drawn for this transaction";
		case "loop":
			return "the stem came back to it";
		case "embargo":
			return "its embargo ran out";
		case "no_peer":
			return "it has no stem peer";
		default:
			return words(code);
	}
}
