// Numbers as people read them.

export function bytes(n: number): string {
	const units = ["B", "kB", "MB", "GB", "TB"];
	let unit = 0;
	let value = n;
	while (Math.abs(value) >= 1000 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	const digits = unit === 0 || Math.abs(value) >= 100 ? 0 : 1;
	return `${value.toFixed(digits)} ${units[unit]}`;
}

export function count(n: number): string {
	return Math.round(n)
		.toString()
		.replace(/\B(?=(\d{3})+$)/g, " ");
}

// many is a number of things: 1 peer, 2 peers.
export function many(n: number, thing: string): string {
	return `${count(n)} ${thing}${n === 1 ? "" : "s"}`;
}

// duration of milliseconds in its two largest units.
export function duration(ms: number): string {
	if (ms < 1000) return `${Math.round(ms)} ms`;
	const s = ms / 1000;
	if (s < 10) return `${s.toFixed(1)} s`;
	if (s < 60) return `${Math.round(s)} s`;
	const m = Math.floor(s / 60);
	if (m < 60) return `${m} min ${Math.floor(s % 60)} s`;
	const h = Math.floor(m / 60);
	if (h < 24) return `${h} h ${m % 60} min`;
	return `${Math.floor(h / 24)} d ${h % 24} h`;
}

// ago counts in whole seconds: anything finer would flicker.
export function ago(then: number, now: number): string {
	const ms = Math.max(0, now - then);
	return ms < 2000 ? "just now" : `${duration(Math.floor(ms / 1000) * 1000).replace(".0 s", " s")} ago`;
}

export function clock(ms: number): string {
	const t = new Date(ms);
	const two = (n: number) => n.toString().padStart(2, "0");
	return `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
}

export function percent(x: number): string {
	return `${(100 * x).toFixed(x > 0.995 && x < 1 ? 1 : 0)} %`;
}

// shortHash keeps both ends: bitcoind's hashes begin with zeros.
export function shortHash(hash: string): string {
	return hash.length <= 13 ? hash : `${hash.slice(0, 6)}…${hash.slice(-6)}`;
}

// shortId of a peer: all of a kind begin alike, the end tells them apart.
export function shortId(id: string): string {
	return id.length <= 10 ? id : `…${id.slice(-8)}`;
}
