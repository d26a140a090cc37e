// A real devnet in a process of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
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
	const binary = process.env.PAPPUS;
	if (!binary) throw new Error("PAPPUS must name the program: run scripts/browser.sh");
	const at = mkdtempSync(join(tmpdir(), "pappus-e2e-"));
	const args = ["devnet", String(n), "--listen-api", "127.0.0.1:0", "--at", at, ...flags];
	const child = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"] });
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
