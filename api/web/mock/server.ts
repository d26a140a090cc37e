// The contract, played by a World, for work on the page without a node:
//
//	npm run dev    sources, reloaded as they change
//	npm run mock   the built page under the real policy
//
// MOCK_NODES says how many nodes (12), MOCK_KIND=node plays a real node's own view.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connect, Plugin } from "vite";
import type { WireEvent } from "../src/contract";
import { World } from "./world.ts";

const policy =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const token = "mock";
const ring = 4096;

export function mock(): Plugin {
	return {
		name: "mock",
		configureServer(server) {
			server.middlewares.use(play());
		},
		configurePreviewServer(server) {
			server.middlewares.use((_, res, next) => {
				res.setHeader("Content-Security-Policy", policy);
				next();
			});
			server.middlewares.use(play());
		},
	};
}

function play(): Connect.NextHandleFunction {
	const begin = Date.now();
	const kind = process.env.MOCK_KIND === "node" ? "node" : "devnet";
	const world = new World(Number(process.env.MOCK_NODES ?? 12), 7, begin);
	setInterval(() => world.turn(Date.now()), 10).unref();
	if (kind === "devnet") setInterval(() => world.mine(), 20_000).unref();
	const routes = new Routes(world, kind, begin);
	return (req, res, next) => {
		const url = new URL(req.url ?? "/", "http://localhost");
		if (url.pathname === "/events") events(world, req, res);
		else if (url.pathname.startsWith("/api/v1/")) void routes.answer(req, res, url);
		else next();
	};
}

function events(world: World, req: IncomingMessage, res: ServerResponse) {
	res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
	const write = (e: WireEvent) => res.write(`id: ${e.id}\nevent: ${e.kind}\ndata: ${JSON.stringify(e.data)}\n\n`);
	res.write(`id: ${world.log.at(-1)?.id ?? 0}\nretry: 2000\n\n`);
	const last = req.headers["last-event-id"];
	if (last !== undefined) for (const e of world.log.slice(-ring)) if (e.id > Number(last)) write(e);
	const off = world.listen(write);
	const beat = setInterval(() => res.write(": beat\n\n"), 15_000);
	req.on("close", () => {
		off();
		clearInterval(beat);
	});
}

type Body = { name?: string; from?: string; count?: number; on?: boolean; fraction?: number };

class Routes {
	constructor(
		private readonly world: World,
		private readonly kind: "node" | "devnet",
		private readonly begin: number,
	) {}

	async answer(req: IncomingMessage, res: ServerResponse, url: URL) {
		const send = (status: number, body: unknown) => {
			res.writeHead(status, { "Content-Type": "application/json" });
			res.end(JSON.stringify(body));
		};
		const refuse = (status: number, code: string, message: string) => send(status, { error: { code, message } });
		const writable = req.headers.authorization === `Bearer ${token}`;
		const verb = url.pathname.slice("/api/v1/".length);
		try {
			if (req.method === "POST") {
				if (!writable) {
					refuse(401, "unauthorized", "this needs the token that the devnet printed");
					return;
				}
				send(200, this.write(verb.replace("devnet/", ""), (await body(req)) as Body));
				return;
			}
			const value = this.read(verb, url.searchParams.get("name") ?? "", writable);
			if (value === undefined) refuse(404, "not_found", `there is no ${url.pathname}`);
			else send(200, value);
		} catch (e) {
			refuse(400, "bad_request", (e as Error).message);
		}
	}

	private write(verb: string, b: Body): unknown {
		const w = this.world;
		switch (verb) {
			case "add":
				return { names: w.add(b.count ?? 1) };
			case "remove":
				w.remove(b.name ?? "");
				return {};
			case "kill":
				w.kill(b.name ?? "");
				return {};
			case "restart":
				w.restart(b.name ?? "");
				return {};
			case "partition":
				return { groups: w.partition() };
			case "heal":
				w.heal();
				return { groups: [] };
			case "send":
				return { txids: Array.from({ length: b.count ?? 1 }, () => w.send(b.from)) };
			case "mine":
				return { hashes: w.mine() };
			case "spy":
				return w.watch(b.on ?? false, b.fraction);
			default:
				throw new Error(`there is no ${verb}`);
		}
	}

	private read(what: string, name: string, writable: boolean): unknown {
		const w = this.world;
		switch (what) {
			case "info":
				return {
					kind: this.kind,
					network: this.kind === "node" ? "testnet4" : "devnet",
					version: "v0.1.0-mock",
					agent: "pappus/0.1",
					started_ms: this.begin,
					writable,
					nodes: w.names(),
				};
			case "network":
				return this.kind === "node" ? ownView(w) : w.network();
			case "node":
				return w.detail(name);
			case "peers":
				return this.peers(name);
			case "blocks":
				return w.latest(20);
			case "mempool":
				return {
					count: w.pool().length,
					bytes: w.pool().length * 222,
					txs: w.pool().map((txid) => ({ txid, bytes: 222, fee: 1110, time_ms: Date.now() - 4000 })),
				};
			case "own":
				return w
					.txs()
					.filter((t) => t.origin === name)
					.map((t) => ({
						txid: t.txid,
						state: t.state,
						since_ms: t.sent_ms,
						steps: [{ when_ms: t.sent_ms, what: "submitted" }],
					}));
			case "addresses":
				return {
					tried: 8,
					new: 41,
					groups: 6,
					sample: w.names().map((n, i) => ({
						addr: `/ip4/10.${i}.0.1/tcp/8444`,
						id: n.id,
						source: w.names()[0]?.id ?? "",
						last_success_ms: Date.now() - 60_000 * i,
						tried: i < 8,
					})),
				};
			case "logs":
				return w.logs(name);
			case "txs":
				return this.kind === "devnet" ? w.txs() : undefined;
			case "spy":
				return this.kind === "devnet" ? w.spy() : undefined;
			default:
				return undefined;
		}
	}

	private peers(name: string): unknown {
		const { nodes, links } = this.world.network();
		return links
			.filter((l) => l.from === name || l.to === name)
			.map((l, i) => {
				const inbound = l.to === name;
				const other = nodes.find((n) => n.name === (inbound ? l.from : l.to));
				return {
					id: other?.id,
					addr: `/ip4/127.0.0.1/tcp/${41000 + i}`,
					inbound,
					kind: inbound ? "inbound" : "full",
					source: inbound ? "inbound" : i === 0 ? "dns:seed.example.org" : "peers",
					// What a hostile peer might say of itself.
					agent: i === 1 ? "<img src=x onerror=alert(1)>" : "pappus/0.1",
					height: other?.height,
					ping_ms: 0.4 + i / 10,
					since_ms: l.since_ms,
					in_bytes: 12000 * (i + 1),
					out_bytes: 9000 * (i + 1),
					score: i === 1 ? 12 : 0,
					why: i === 1 ? [{ when_ms: Date.now() - 30_000, reason: "unconnected_headers", count: 2 }] : [],
				};
			});
	}
}

// ownView is what one node knows: itself, its peers, and whom they told it of.
function ownView(w: World) {
	const { nodes, links } = w.network();
	const self = nodes[0]?.name;
	const mine = links.filter((l) => l.from === self || l.to === self).map((l) => ({ ...l, stem: false }));
	const near = new Set(mine.flatMap((l) => [l.from, l.to]));
	return {
		nodes: nodes.map((n) => ({ ...n, self: n.name === self, state: near.has(n.name) ? n.state : "seen" })),
		links: mine,
	};
}

async function body(req: IncomingMessage): Promise<unknown> {
	let text = "";
	for await (const piece of req) text += piece;
	return JSON.parse(text || "{}");
}
