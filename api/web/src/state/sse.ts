// Server-sent events, read by hand: EventSource cannot send a password, gives up
// after an HTTP error, and does not tell silence from a dead connection.

import type { EventData, WireEvent } from "../contract";

// SseParser turns text as it arrives into events. Pieces may end anywhere.
export class SseParser {
	private rest = "";
	private kind = "message";
	private id = "";
	private data: string[] = [];

	// last is the id to resume after, "" = none yet. A server says where it stands
	// before anything happens, by an id without data.
	get last(): string {
		return this.id;
	}

	feed(text: string): WireEvent[] {
		const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
		this.rest = lines.pop() ?? "";
		const out: WireEvent[] = [];
		for (const line of lines) {
			if (line === "") {
				const event = this.take();
				if (event) out.push(event);
			} else {
				this.field(line);
			}
		}
		return out;
	}

	private field(line: string) {
		const colon = line.indexOf(":");
		if (colon === 0) return; // a comment: the server's heartbeat
		const name = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
		if (name === "event") this.kind = value;
		else if (name === "data") this.data.push(value);
		else if (name === "id") this.id = value;
	}

	private take(): WireEvent | null {
		const { kind, data } = this;
		this.kind = "message";
		this.data = [];
		if (data.length === 0) return null;
		const body: unknown = parse(data.join("\n"));
		if (typeof body !== "object" || body === null) return null;
		return { id: Number(this.id) || 0, kind, data: { at_ms: Date.now(), ...body } as EventData };
	}
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null; // one unreadable event must not end the stream
	}
}

// What an event makes out of date. The events say what happened; sizes, ages and
// kinds of links come with the next snapshot.
export interface Stale {
	network: boolean;
	traces: boolean;
	spy: boolean;
}

export function stales(kind: string): Stale {
	switch (kind) {
		case "gap":
			return { network: true, traces: true, spy: true };
		case "tx_sent":
		case "tx_stemmed":
		case "tx_heard":
			return { network: false, traces: true, spy: false };
		case "tx_fluffed":
		case "tx_accepted":
			return { network: false, traces: true, spy: true };
		case "tx_mined":
			return { network: true, traces: true, spy: true };
		case "spy":
			return { network: false, traces: false, spy: true };
		case "peer_up":
		case "peer_down":
		case "node_added":
		case "node_restarted":
		case "node_removed":
		case "node_killed":
		case "partitioned":
		case "healed":
		case "block":
			return { network: true, traces: false, spy: false };
		default:
			return { network: false, traces: false, spy: false };
	}
}

// backoff before the n-th new attempt (from 0), in ms: quick at first, since a
// node restarts in a second, then never more than ten seconds.
export function backoff(attempt: number): number {
	return Math.min(10_000, 500 * 2 ** attempt);
}
