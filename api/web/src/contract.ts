// What the server answers, as docs/api.md has it. Names stay as they are on the
// wire, so that a field can be looked up there.

export interface Info {
	kind: "node" | "devnet";
	network: string;
	version: string;
	agent: string;
	started_ms: number;
	writable: boolean; // with the credentials that this request carried
	nodes: { name: string; id: string }[];
}

export type NodeState = "up" | "syncing" | "down" | "seen";

export interface NetNode {
	name: string;
	id: string;
	self: boolean;
	state: NodeState;
	height: number;
	headers: number;
	peers: number;
	mempool: number;
	spy: boolean;
	group: number; // of a partition, from 0; 0 for all while the network is whole
	syncing_progress: number; // 0..1
}

export type LinkKind = "full" | "block" | "added" | "inbound";

export interface NetLink {
	from: string; // who dialled
	to: string;
	inbound_known: boolean;
	kind: LinkKind;
	since_ms: number;
	stem: boolean; // a stem link of from in this epoch
}

export interface Network {
	nodes: NetNode[];
	links: NetLink[];
}

export interface NodeDetail {
	name: string;
	id: string;
	state: NodeState;
	chain: {
		height: number;
		headers: number;
		best_hash: string;
		best_time: string;
		work: string;
		progress: number;
		rate_blocks_s: number;
		eta_s: number; // 0 = in step, or nobody knows
	};
	mempool: { count: number; bytes: number; stempool_count: number };
	resources: {
		rss_bytes: number;
		heap_bytes: number;
		goroutines: number;
		fds: number;
		cpu_seconds: number;
		disk_bytes: number;
	};
	traffic: { in_bytes: number; out_bytes: number };
}

export interface Peer {
	id: string;
	name?: string; // of a devnet's node
	addr: string;
	inbound: boolean;
	kind: LinkKind;
	source: string; // how the node came to know it: book, dns:seed.example.org; "" = not known
	agent: string; // as sent: not to be trusted, not to be taken for markup
	height: number;
	ping_ms: number; // 0 = not known
	since_ms: number;
	in_bytes: number;
	out_bytes: number;
	score: number; // points held against it
	why: { when_ms: number; reason: string; count: number }[];
}

export interface Block {
	height: number;
	hash: string;
	time: string;
	txs: number;
	bytes: number;
}

export interface Mempool {
	count: number;
	bytes: number;
	txs: { txid: string; bytes: number; fee: number; time_ms: number }[];
}

export interface OwnTx {
	txid: string;
	state: string;
	since_ms: number;
	steps: { when_ms: number; what: string }[];
}

export interface Addresses {
	tried: number;
	new: number;
	groups: number;
	sample: { addr: string; id: string; source: string; last_success_ms: number; tried: boolean }[];
}

export interface LogLine {
	when_ms: number;
	level: string;
	msg: string;
	attrs: Record<string, unknown>;
}

export type StepKind = "stem" | "fluff" | "heard" | "seen";

export interface Step {
	at_ms: number; // since the transaction was sent
	kind: StepKind;
	from?: string;
	to?: string;
	node?: string;
	cause?: string;
}

export interface Trace {
	txid: string;
	origin: string; // "" = not known
	sent_ms: number;
	bytes: number;
	state: "stem" | "fluff" | "everywhere" | "mined";
	reached: number;
	nodes: number;
	steps: Step[];
}

export interface Spy {
	on: boolean;
	spies: string[];
	fraction: number;
	seen: number; // transactions of honest nodes while it was on
	guesses: number; // of them it named a source for
	// Precision is the simulator's: of what is laid at an honest node's door, how much
	// is its own, over the last transaction of each.
	precision: number | null;
	recall: number | null; // of those seen, what share was traced to its source
	recent: { txid: string; guess: string; origin: string; right: boolean }[];
}

// An event as it came: its kind, its number, and the rest of its data.
export interface WireEvent {
	id: number;
	kind: string;
	data: EventData;
}

export interface EventData {
	at_ms: number;
	node?: string;
	id?: string;
	peer?: string;
	from?: string;
	to?: string;
	inbound?: boolean;
	agent?: string;
	height?: number;
	hash?: string;
	added?: number;
	bytes?: number;
	txs?: number;
	txid?: string;
	txids?: string[];
	stem?: boolean;
	cause?: string;
	reason?: string;
	subject?: string;
	until_ms?: number;
	timeout_ms?: number;
	missed?: number;
	groups?: string[][];
	on?: boolean;
	spies?: string[];
	fraction?: number;
}
