// The one model of the page, kept up to date: events are applied as they come and
// shown some times a second, and what they make stale is asked for again.

import { useEffect, useState } from "preact/hooks";
import { get, listen, takeToken } from "./client";
import type { Info, Network, Spy, Trace, WireEvent } from "./contract";
import { type Change, empty, type Model, reduce } from "./state/model";
import { stales } from "./state/sse";

// A snapshot of a hundred nodes is some 100 kB: not more often than this while
// much happens, and every reconcile while nothing does.
const networkInterval = 1000;
const tracesInterval = 250;
const reconcile = 5000;
// A transaction's trace has two steps a node, some 60 bytes each: so many traces
// are asked for that an answer stays at about 120 kB.
const tracedSteps = 1000;
const mostTraces = 50;

let model = empty;
// What happens is shown this often at most, in ms: fifteen times a second is what an
// eye asks of words and figures. The graph moves by itself, every frame.
const showInterval = 66;

let showing = 0;
let shown = Number.NEGATIVE_INFINITY;
const watchers = new Set<(m: Model) => void>();

export function dispatch(change: Change) {
	model = reduce(model, change);
	if (showing === 0) showing = window.setTimeout(publish, Math.max(0, shown + showInterval - performance.now()));
}

function publish() {
	showing = 0;
	shown = performance.now();
	for (const watch of watchers) watch(model);
}

export function useModel(): Model {
	const [seen, show] = useState(model);
	useEffect(() => {
		watchers.add(show);
		show(model);
		return () => {
			watchers.delete(show);
		};
	}, []);
	return seen;
}

// Throttled asks at most once an interval, and once more after the last call: an
// answer that set out before an event may not know of it.
class Throttled {
	private last = Number.NEGATIVE_INFINITY;
	private timer = 0;
	private running = false;

	constructor(
		private readonly interval: number,
		private readonly ask: () => Promise<void>,
	) {}

	call() {
		if (this.timer !== 0) return;
		const wait = Math.max(0, this.last + this.interval - performance.now());
		this.timer = window.setTimeout(() => this.run(), wait);
	}

	private async run() {
		this.timer = 0;
		if (this.running) {
			this.call();
			return;
		}
		this.last = performance.now();
		this.running = true;
		try {
			await this.ask();
		} catch (e) {
			dispatch({ type: "error", message: e instanceof Error ? e.message : String(e) });
		} finally {
			this.running = false;
			this.last = performance.now();
		}
	}
}

const devnet = () => model.info?.kind === "devnet";

const network = new Throttled(networkInterval, async () => {
	dispatch({ type: "network", network: await get<Network>("/api/v1/network") });
});
const traces = new Throttled(tracesInterval, async () => {
	if (!devnet()) return;
	const count = Math.max(1, Math.min(mostTraces, Math.round(tracedSteps / Math.max(1, model.nodes.size))));
	dispatch({ type: "traces", traces: await get<Trace[]>("/api/v1/txs", { count }) });
});
const spy = new Throttled(networkInterval, async () => {
	if (devnet()) dispatch({ type: "spy", spy: await get<Spy>("/api/v1/spy") });
});

export async function refreshInfo(): Promise<Info> {
	const info = await get<Info>("/api/v1/info");
	dispatch({ type: "info", info });
	return info;
}

function refreshAll() {
	network.call();
	traces.call();
	spy.call();
}

// start runs for as long as the page is open.
export function start() {
	takeToken();
	const arrived = (event: WireEvent) => {
		dispatch({ type: "event", event });
		const stale = stales(event.kind);
		if (stale.network) network.call();
		if (stale.traces) traces.call();
		if (stale.spy && model.spy?.on) spy.call();
	};
	const live = () => {
		dispatch({ type: "connection", connection: "live" });
		// Whoever answers now may be another process than before.
		refreshInfo()
			.then(refreshAll)
			.catch((e: Error) => dispatch({ type: "error", message: e.message }));
	};
	const lost = () => dispatch({ type: "connection", connection: "lost" });
	void listen({ event: arrived, live, lost }, new AbortController().signal);
	setInterval(() => {
		if (document.hidden || model.connection !== "live") return;
		network.call();
		if (model.spy?.on) spy.call();
	}, reconcile);
	document.addEventListener("visibilitychange", () => {
		if (!document.hidden && model.connection === "live") refreshAll();
	});
}

// usePolled asks for path again and again while the panel that uses it is open
// and seen. Refusals are values: a panel shows them.
export interface Polled<T> {
	value: T | null;
	error: string;
}

export function usePolled<T>(path: string, params: Record<string, string | number>, interval: number): Polled<T> {
	const [polled, set] = useState<Polled<T>>({ value: null, error: "" });
	const key = JSON.stringify(params);
	useEffect(() => {
		let open = true;
		let timer = 0;
		const ask = async () => {
			if (!document.hidden) {
				try {
					const value = await get<T>(path, JSON.parse(key) as Record<string, string | number>);
					if (open) set({ value, error: "" });
				} catch (e) {
					if (open) set((p) => ({ value: p.value, error: e instanceof Error ? e.message : String(e) }));
				}
			}
			if (open) timer = window.setTimeout(ask, interval);
		};
		set({ value: null, error: "" });
		void ask();
		return () => {
			open = false;
			clearTimeout(timer);
		};
	}, [path, key, interval]);
	return polled;
}

export function useNow(interval = 1000): number {
	const [now, set] = useState(Date.now());
	useEffect(() => {
		const timer = setInterval(() => set(Date.now()), interval);
		return () => clearInterval(timer);
	}, [interval]);
	return now;
}
