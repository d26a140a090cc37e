// A line between the browser and the server that can be cut.

import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export class Line {
	private readonly open = new Set<Socket>();
	private readonly server = createServer((near) => this.join(near));
	private whole = true;

	constructor(private readonly to: URL) {}

	// address is the one of the server, by way of this line.
	async address(): Promise<string> {
		await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
		const url = new URL(this.to);
		url.hostname = "127.0.0.1";
		url.port = String((this.server.address() as AddressInfo).port);
		return url.href;
	}

	cut() {
		this.whole = false;
		for (const socket of this.open) socket.destroy();
	}

	mend() {
		this.whole = true;
	}

	close() {
		this.cut();
		this.server.close();
	}

	private join(near: Socket) {
		if (!this.whole) {
			near.destroy();
			return;
		}
		const far = connect(Number(this.to.port), this.to.hostname);
		for (const [socket, other] of [
			[near, far],
			[far, near],
		] as const) {
			this.open.add(socket);
			// An end that breaks off ends the other: that is all there is to say.
			socket.on("error", () => other.destroy());
			socket.on("close", () => {
				this.open.delete(socket);
				other.destroy();
			});
			socket.pipe(other);
		}
	}
}
