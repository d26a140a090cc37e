// The server's side of the page: requests, the operator's token, the event stream.

import type { WireEvent } from "./contract";
import { backoff, SseParser } from "./state/sse";

// Refused is an answer that is not the one asked for, in words that the server
// chose: what went wrong, where, what to do.
export class Refused extends Error {
	constructor(
		readonly status: number,
		message: string,
	) {
		super(message);
	}
}

const tokenKey = "pappus-token";

// takeToken moves a token from the address (#token=…) to the session's storage:
// the address bar is copied, bookmarked and photographed.
export function takeToken() {
	const match = /^#token=(.+)$/.exec(location.hash);
	if (!match?.[1]) return;
	setToken(decodeURIComponent(match[1]));
	history.replaceState(null, "", location.pathname + location.search);
}

export function setToken(token: string) {
	if (token === "") sessionStorage.removeItem(tokenKey);
	else sessionStorage.setItem(tokenKey, token);
}

export function hasToken(): boolean {
	return sessionStorage.getItem(tokenKey) !== null;
}

function credentials(): Record<string, string> {
	const token = sessionStorage.getItem(tokenKey);
	if (token === null) return {};
	// A cookie file holds user:password, a devnet's token has no colon.
	return { Authorization: token.includes(":") ? `Basic ${btoa(token)}` : `Bearer ${token}` };
}

export async function get<T>(path: string, params: Record<string, string | number> = {}): Promise<T> {
	const query = new URLSearchParams(Object.entries(params).map(([k, v]) => [k, String(v)]));
	const address = query.size > 0 ? `${path}?${query}` : path;
	return answer<T>(await fetch(address, { headers: credentials() }));
}

export async function post<T>(path: string, body: unknown): Promise<T> {
	const headers = { "Content-Type": "application/json", ...credentials() };
	return answer<T>(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function answer<T>(response: Response): Promise<T> {
	if (response.ok) return (await response.json()) as T;
	throw new Refused(response.status, await reason(response));
}

async function reason(response: Response): Promise<string> {
	const text = await response.text();
	try {
		const body = JSON.parse(text) as { error?: { message?: string } };
		if (body.error?.message) return body.error.message;
	} catch {
		// Not JSON: a proxy's page or plain text, which is shown as it is.
	}
	return text.trim().slice(0, 300) || `the server answered ${response.status}`;
}

// The server sends a comment every 15 s. After two of them and some have not come
// the connection is dead, whatever TCP thinks.
const silence = 40_000;

export interface Listener {
	event: (e: WireEvent) => void;
	live: () => void;
	lost: (why: string) => void;
}

// listen keeps a stream of events until the signal aborts it, and resumes where
// it broke off.
export async function listen(listener: Listener, signal: AbortSignal) {
	let last = "";
	let attempt = 0;
	while (!signal.aborted) {
		let why = "the stream ended";
		try {
			const headers: Record<string, string> = { Accept: "text/event-stream", ...credentials() };
			if (last !== "") headers["Last-Event-ID"] = last;
			const open = () => {
				attempt = 0;
				listener.live();
			};
			for await (const { events, id } of stream(headers, signal, open)) {
				last = id || last;
				for (const event of events) listener.event(event);
			}
		} catch (e) {
			why = e instanceof Error ? e.message : String(e);
		}
		if (signal.aborted) return;
		listener.lost(why);
		await pause(backoff(attempt++), signal);
	}
}

async function* stream(headers: Record<string, string>, signal: AbortSignal, open: () => void) {
	const dead = new AbortController();
	const response = await fetch("/events", { headers, signal: AbortSignal.any([signal, dead.signal]) });
	if (!response.ok || !response.body) throw new Refused(response.status, await reason(response));
	open();
	const parser = new SseParser();
	const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
	while (true) {
		const timer = setTimeout(() => dead.abort(new Error("no sign of life from the server")), silence);
		const { done, value } = await reader.read().finally(() => clearTimeout(timer));
		if (done) return;
		yield { events: parser.feed(value), id: parser.last };
	}
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(resolve, ms);
		signal.addEventListener(
			"abort",
			() => {
				clearTimeout(timer);
				resolve();
			},
			{ once: true },
		);
	});
}
