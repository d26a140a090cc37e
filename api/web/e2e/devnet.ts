// A real devnet, or a real node, in a process of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Devnet {
	address: string; // with its token
	stop: () => Promise<void>;
}

// devnet starts n nodes and returns when all have the same chain. DASHBOARD_URL
// names a server that runs already instead, which is how the tests are written
// against the mock.
export async function devnet(n: number, ...flags: string[]): Promise<Devnet> {
	const running = process.env.DASHBOARD_URL;
	if (running) return { address: running, stop: async () => {} };
	const at = mkdtempSync(join(tmpdir(), "pappus-e2e-"));
	const args = ["devnet", String(n), "--listen-api", "127.0.0.1:0", "--at", at, ...flags];
	const child = spawn(binary(), args, { stdio: ["ignore", "pipe", "inherit"] });
	const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	const stop = async () => {
		child.kill("SIGINT");
		await ended;
		rmSync(at, { recursive: true, force: true });
	};
	try {
		return { address: await ready(child), stop };
	} catch (e) {
		await stop();
		throw e;
	}
}

function binary(): string {
	const path = process.env.PAPPUS;
	if (!path) throw new Error("PAPPUS must name the program: run scripts/browser.sh");
	return path;
}

export interface Node {
	address: string;
	cookie: () => string; // the operator's
	listens: () => string; // a multiaddr
	stop: () => Promise<void>;
}

// node starts one that mines, on a network of its own unless flags name a peer, and
// returns when its API answers.
export async function node(...flags: string[]): Promise<Node> {
	const dir = mkdtempSync(join(tmpdir(), "pappus-e2e-"));
	const args = ["node", "--network", "regtest", "--datadir", dir, "--listen", "/ip4/127.0.0.1/tcp/0"];
	const child = spawn(binary(), [...args, "--api", "127.0.0.1:0", "--mine", "--mine-every", "1s", ...flags], {
		stdio: ["ignore", "ignore", "pipe"],
	});
	const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	const stop = async () => {
		child.kill("SIGINT");
		await ended;
		rmSync(dir, { recursive: true, force: true });
	};
	try {
		const address = `http://${await answers(child)}/`;
		const read = (file: string) => readFileSync(join(dir, "regtest", file), "utf8").trim();
		const listens = () => read("addrs").split("\n")[0] ?? "";
		return { address, cookie: () => read(".cookie"), listens, stop };
	} catch (e) {
		await stop();
		throw e;
	}
}

// answers waits for the line of the log with which a node says where its API is.
function answers(child: ChildProcess): Promise<string> {
	return new Promise((resolve, reject) => {
		child.once("error", reject);
		child.once("exit", (code) => reject(new Error(`the node ended with ${code} before it was ready`)));
		if (!child.stderr) throw new Error("its log is a pipe");
		createInterface(child.stderr).on("line", (line) => {
			const addr = /msg="api listens" addr=(\S+)/.exec(line)?.[1];
			if (addr) resolve(addr);
		});
	});
}

function ready(child: ChildProcess): Promise<string> {
	return new Promise((resolve, reject) => {
		child.once("error", reject);
		child.once("exit", (code) => reject(new Error(`the devnet ended with ${code} before it was ready`)));
		if (!child.stdout) throw new Error("its output is a pipe");
		let address = "";
		createInterface(child.stdout).on("line", (line) => {
			address ||= /(http:\S+#token=\S+)/.exec(line)?.[1] ?? "";
			if (line.startsWith("ready")) resolve(address);
		});
	});
}
