// A network that exists on paper only: it answers as a devnet would, and says
// what happens in it. Chance comes from a seed, time from whoever turns it.

import type {
	Block,
	EventData,
	LogLine,
	NetLink,
	NetNode,
	Network,
	NodeDetail,
	Spy,
	Step,
	Trace,
	WireEvent,
} from "../src/contract";

interface Member {
	node: NetNode;
	from: number; // when it began to sync
	peers: string[]; // whom it dialled
	stems: string[];
}

interface Due {
	at: number;
	act: () => void;
}

// A new node needs this long for the chain, in ms.
const syncTime = 6000;
const dials = 8;

export class World {
	private readonly members = new Map<string, Member>();
	private readonly due: Due[] = [];
	private readonly listeners = new Set<(e: WireEvent) => void>();
	private right = 0;
	private readonly spyOn: Spy = {
		on: false,
		spies: [],
		fraction: 0,
		seen: 0,
		guesses: 0,
		precision: null,
		recall: null,
		recent: [],
	};
	private traces: Trace[] = [];
	private blocks: Block[] = [];
	private waiting: string[] = [];
	private readonly begin: number;
	private made = 0;
	private serial = 0;
	private split = false;
	readonly log: WireEvent[] = []; // all events so far

	constructor(
		count: number,
		private seed: number,
		private now = 0,
	) {
		this.begin = now;
		for (let h = 1; h <= 120; h++) this.blocks.unshift(this.block(h, 1));
		for (let i = 0; i < count; i++) this.join(120);
		for (const m of this.members.values()) this.connect(m, false);
	}

	// turn lets time pass up to now; what is due happens in order.
	turn(now: number) {
		while (true) {
			this.due.sort((a, b) => a.at - b.at);
			const next = this.due[0];
			if (!next || next.at > now) break;
			this.due.shift();
			this.now = next.at;
			next.act();
		}
		this.now = now;
	}

	listen(call: (e: WireEvent) => void): () => void {
		this.listeners.add(call);
		return () => {
			this.listeners.delete(call);
		};
	}

	private chance(): number {
		// Mulberry32: small, and the same on every machine.
		this.seed = (this.seed + 0x6d2b79f5) | 0;
		let t = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	}

	private pick<T>(list: T[]): T | undefined {
		return list[Math.floor(this.chance() * list.length)];
	}

	private hash(zeros = 0): string {
		let out = "0".repeat(zeros);
		while (out.length < 64) out += Math.floor(this.chance() * 16).toString(16);
		return out;
	}

	private emit(kind: string, data: Omit<EventData, "at_ms">) {
		const event: WireEvent = { id: ++this.serial, kind, data: { at_ms: this.now, ...data } };
		this.log.push(event);
		for (const listen of this.listeners) listen(event);
	}

	private later(ms: number, act: () => void) {
		this.due.push({ at: this.now + ms, act });
	}

	private block(height: number, txs: number): Block {
		return { height, hash: this.hash(8), time: new Date(this.now).toISOString(), txs, bytes: 250 + 200 * txs };
	}

	private get age(): number {
		return this.now - this.begin;
	}

	private get top(): number {
		return this.blocks[0]?.height ?? 0;
	}

	private join(height: number): Member {
		const name = `n${++this.made}`;
		const node: NetNode = {
			name,
			id: `12D3KooW${this.hash().slice(0, 44)}`,
			self: false,
			state: height === this.top ? "up" : "syncing",
			height,
			headers: height,
			peers: 0,
			mempool: this.waiting.length,
			spy: false,
			group: 0,
			syncing_progress: height / this.top,
		};
		const member: Member = { node, from: this.now, peers: [], stems: [] };
		this.members.set(name, member);
		return member;
	}

	private connect(m: Member, say = true) {
		const others = [...this.members.values()].filter((o) => o !== m && o.node.state !== "down");
		const reach = others.filter((o) => o.node.group === m.node.group && !linked(m, o));
		while (m.peers.length < Math.min(dials, Math.ceil(others.length / 2)) && reach.length > 0) {
			const [o] = reach.splice(Math.floor(this.chance() * reach.length), 1);
			if (!o) break;
			m.peers.push(o.node.name);
			if (say)
				this.emit("peer_up", { node: m.node.name, peer: o.node.id, inbound: false, agent: "pappus/0.1", height: 0 });
			if (say)
				this.emit("peer_up", { node: o.node.name, peer: m.node.id, inbound: true, agent: "pappus/0.1", height: 0 });
		}
		m.stems = m.peers.slice(0, 2);
	}

	private sync(m: Member) {
		const { node } = m;
		if (this.members.get(node.name) !== m || node.state !== "syncing") return;
		const part = Math.min(1, (this.now - m.from) / syncTime);
		node.headers = this.top;
		node.height = Math.max(node.height, Math.floor(part * this.top));
		node.syncing_progress = part;
		if (part === 1) node.state = "up";
		this.emit("block", { node: node.name, height: node.height, hash: this.hash(8), bytes: 450, txs: 1 });
		if (part < 1) this.later(250, () => this.sync(m));
	}

	// The controls.

	add(count = 1): string[] {
		const names: string[] = [];
		for (let i = 0; i < count; i++) {
			const m = this.join(0);
			names.push(m.node.name);
			this.emit("node_added", { node: m.node.name, id: m.node.id });
			this.later(200, () => {
				this.connect(m);
				this.emit("headers", { node: m.node.name, height: this.top, hash: this.hash(8), added: this.top });
				this.sync(m);
			});
		}
		return names;
	}

	remove(name: string) {
		this.need(name);
		this.cut(name);
		this.members.delete(name);
		this.emit("node_removed", { node: name });
	}

	kill(name: string) {
		this.need(name).node.state = "down";
		this.cut(name);
		this.emit("node_killed", { node: name });
	}

	restart(name: string) {
		const m = this.need(name);
		m.node.state = "syncing";
		m.from = this.now - syncTime * 0.8;
		this.emit("node_restarted", { node: name, id: m.node.id });
		this.later(150, () => {
			this.connect(m);
			this.sync(m);
		});
	}

	private need(name: string): Member {
		const m = this.members.get(name);
		if (!m) throw new Error(`no node is called ${name}: GET /api/v1/info lists them`);
		return m;
	}

	private cut(name: string) {
		const gone = this.need(name);
		gone.peers = [];
		for (const m of this.members.values()) m.peers = m.peers.filter((p) => p !== name);
	}

	partition(): string[][] {
		const names = [...this.members.keys()];
		const half = Math.ceil(names.length / 2);
		const groups = [names.slice(0, half), names.slice(half)];
		groups.forEach((g, i) => {
			for (const n of g) this.need(n).node.group = i;
		});
		for (const m of this.members.values()) {
			m.peers = m.peers.filter((p) => this.need(p).node.group === m.node.group);
			m.stems = m.peers.slice(0, 2);
		}
		this.split = true;
		this.emit("partitioned", { groups });
		return groups;
	}

	heal() {
		for (const m of this.members.values()) m.node.group = 0;
		this.split = false;
		this.emit("healed", {});
		for (const m of this.members.values()) if (m.node.state !== "down") this.connect(m);
	}

	mine(): string[] {
		const mined = this.waiting;
		this.waiting = [];
		const b = this.block(this.top + 1, mined.length + 1);
		this.blocks.unshift(b);
		const miner = this.pick([...this.members.values()].filter((m) => m.node.state === "up"));
		for (const m of this.members.values()) {
			if (m.node.state !== "up" || (this.split && m.node.group !== miner?.node.group)) continue;
			this.later(m === miner ? 0 : 20 + 120 * this.chance(), () => {
				m.node.height = m.node.headers = b.height;
				m.node.mempool = this.waiting.length;
				this.emit("block", { node: m.node.name, height: b.height, hash: b.hash, bytes: b.bytes, txs: b.txs });
			});
		}
		for (const txid of mined) {
			const trace = this.traces.find((t) => t.txid === txid);
			if (trace) trace.state = "mined";
		}
		if (mined.length > 0) this.emit("tx_mined", { txids: mined, hash: b.hash, height: b.height });
		return [b.hash];
	}

	send(from?: string): string {
		const origin =
			from ?? this.pick([...this.members.values()].filter((m) => m.node.state === "up" && !m.node.spy))?.node.name;
		if (!origin) throw new Error("no node is up: add or restart one");
		const txid = this.hash();
		const trace: Trace = {
			txid,
			origin,
			sent_ms: this.now,
			bytes: 222,
			state: "stem",
			reached: 0,
			nodes: 0,
			steps: [],
		};
		this.traces = [trace, ...this.traces].slice(0, 50);
		this.emit("tx_sent", { txid, node: origin });
		this.hop(trace, origin, 0);
		return txid;
	}

	private step(trace: Trace, step: Omit<Step, "at_ms">) {
		trace.steps.push({ at_ms: this.now - trace.sent_ms, ...step });
	}

	private hop(trace: Trace, at: string, hops: number) {
		const m = this.members.get(at);
		const to = this.pick(m?.stems ?? []);
		const next = to === undefined ? undefined : this.members.get(to);
		if (!next || (hops > 0 && this.chance() < 0.25)) {
			this.fluff(trace, at, next ? "diffuser" : "no_peer");
			return;
		}
		this.later(30 + 60 * this.chance(), () => {
			this.step(trace, { kind: "stem", from: at, to: next.node.name });
			this.emit("tx_stemmed", { txid: trace.txid, to: next.node.id, node: at });
			if (next.node.spy) this.guess(trace, at);
			this.hop(trace, next.node.name, hops + 1);
		});
	}

	private guess(trace: Trace, guess: string) {
		if (!this.spyOn.on || this.spyOn.recent.some((g) => g.txid === trace.txid)) return;
		const right = guess === trace.origin;
		this.spyOn.guesses++;
		if (right) this.right++;
		this.spyOn.recent = [{ txid: trace.txid, guess, origin: trace.origin, right }, ...this.spyOn.recent].slice(0, 20);
	}

	private fluff(trace: Trace, at: string, cause: string) {
		trace.state = "fluff";
		this.waiting.push(trace.txid);
		this.step(trace, { kind: "fluff", node: at, cause });
		this.emit("tx_fluffed", { txid: trace.txid, cause, node: at });
		const group = this.members.get(at)?.node.group;
		const reach = [...this.members.values()].filter((m) => m.node.state !== "down" && m.node.group === group);
		trace.nodes = [...this.members.values()].filter((m) => m.node.state !== "down").length;
		const has = new Set<string>();
		const spread = (name: string, from: string) => {
			if (has.has(name) || !reach.some((m) => m.node.name === name)) return;
			has.add(name);
			if (from !== "") {
				this.step(trace, { kind: "heard", from, to: name });
				this.emit("tx_heard", {
					node: name,
					from: this.members.get(from)?.node.id ?? "",
					txids: [trace.txid],
					stem: false,
				});
			}
			this.step(trace, { kind: "seen", node: name });
			this.emit("tx_accepted", { node: name, txid: trace.txid, bytes: trace.bytes });
			trace.reached = has.size;
			const m = this.members.get(name);
			if (m) m.node.mempool = this.waiting.length;
			if (has.size === reach.length) this.everywhere(trace);
			for (const o of reach) {
				if (m && (linked(m, o) || linked(o, m))) this.later(15 + 70 * this.chance(), () => spread(o.node.name, name));
			}
		};
		spread(at, "");
	}

	private everywhere(trace: Trace) {
		if (trace.reached === trace.nodes) trace.state = "everywhere";
		if (!this.spyOn.on || this.need(trace.origin).node.spy) return;
		this.spyOn.seen++;
		this.spyOn.precision = this.spyOn.guesses > 0 ? this.right / this.spyOn.guesses : 0;
		this.spyOn.recall = this.right / this.spyOn.seen;
	}

	watch(on: boolean, fraction = 0.2): Spy {
		const names = [...this.members.keys()];
		const spies = on ? names.filter((_, i) => i % Math.round(1 / fraction) === 1) : [];
		Object.assign(this.spyOn, { on, spies, fraction, seen: 0, guesses: 0, precision: null, recall: null, recent: [] });
		for (const m of this.members.values()) m.node.spy = spies.includes(m.node.name);
		this.right = 0;
		this.emit("spy", { on, spies, fraction });
		return this.spy();
	}

	// The answers.

	spy(): Spy {
		return structuredClone(this.spyOn);
	}

	txs(): Trace[] {
		return structuredClone(this.traces);
	}

	latest(count: number): Block[] {
		return this.blocks.slice(0, count);
	}

	pool(): string[] {
		return [...this.waiting];
	}

	names(): { name: string; id: string }[] {
		return [...this.members.values()].map((m) => ({ name: m.node.name, id: m.node.id }));
	}

	network(): Network {
		const links: NetLink[] = [];
		for (const m of this.members.values()) {
			for (const to of m.peers) {
				const stem = m.stems.includes(to);
				links.push({ from: m.node.name, to, inbound_known: true, kind: "full", since_ms: m.from, stem });
			}
		}
		const nodes = [...this.members.values()].map((m) => {
			const peers = links.filter((l) => l.from === m.node.name || l.to === m.node.name).length;
			return { ...m.node, peers };
		});
		return { nodes, links };
	}

	detail(name: string): NodeDetail {
		const { node } = this.need(name);
		const wave = 1 + 0.1 * Math.sin(this.now / 9000);
		return {
			name,
			id: node.id,
			state: node.state,
			chain: {
				height: node.height,
				headers: node.headers,
				best_hash: this.blocks[0]?.hash ?? "",
				best_time: this.blocks[0]?.time ?? "",
				work: "f2",
				progress: node.syncing_progress,
				rate_blocks_s: node.state === "syncing" ? 21.4 : 0,
				eta_s: node.state === "syncing" ? Math.round((1 - node.syncing_progress) * 6) : 0,
			},
			mempool: { count: node.mempool, bytes: node.mempool * 222, stempool_count: 0 },
			resources: {
				rss_bytes: 148e6 * wave,
				heap_bytes: 61e6 * wave * wave,
				goroutines: 412,
				fds: 96,
				cpu_seconds: this.age / 90000,
				disk_bytes: 3.1e6,
			},
			traffic: { in_bytes: 4e5 + this.age * 0.9, out_bytes: 3e5 + this.age * 0.8 + 900 * wave },
		};
	}

	logs(name: string): LogLine[] {
		return this.log
			.filter((e) => e.data.node === name && e.kind !== "tx_heard")
			.slice(-200)
			.map((e) => ({
				when_ms: e.data.at_ms,
				level: e.kind.startsWith("tx_") ? "DEBUG" : "INFO",
				msg: e.kind.replaceAll("_", " "),
				attrs: e.data.height === undefined ? {} : { height: e.data.height },
			}));
	}
}

function linked(a: Member, b: Member): boolean {
	return a.peers.includes(b.node.name) || b.peers.includes(a.node.name);
}
