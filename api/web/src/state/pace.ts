// A short chain is synced in the twinkling of an eye. On the graph it is given time
// to be seen, as a transaction is; figures and tables tell how it is.

import type { NetNode } from "../contract";

// What a node that joins takes on the graph at least, in ms.
export const syncTime = 1800;

export class Pace {
	private readonly begun = new Map<string, number>();
	private known: ReadonlyMap<string, NetNode> | null = null;

	// meet notes who has come or come back since the last picture. Those of the first
	// picture were there before.
	meet(nodes: ReadonlyMap<string, NetNode>, now: number) {
		for (const node of nodes.values()) {
			const before = this.known?.get(node.name);
			const joins = !before || (before.state === "down" && node.state !== "down");
			if (this.known && joins) this.begun.set(node.name, now);
			if (node.state === "down") this.begun.delete(node.name);
		}
		for (const name of this.begun.keys()) if (!nodes.has(name)) this.begun.delete(name);
		this.known = nodes;
	}

	// shown is a node as the graph has it now: never further than it is.
	shown(node: NetNode, now: number): NetNode {
		const begun = this.begun.get(node.name);
		if (begun === undefined) return node;
		const part = (now - begun) / syncTime;
		if (part >= 1) {
			this.begun.delete(node.name);
			return node;
		}
		const progress = Math.min(part, node.state === "syncing" ? node.syncing_progress : 1);
		return { ...node, state: "syncing", syncing_progress: progress };
	}

	get busy(): boolean {
		return this.begun.size > 0;
	}
}
