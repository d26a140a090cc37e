// How well the spies do, and how sure a share is that was counted few times.

import type { Spy } from "../contract";

export interface Interval {
	share: number;
	low: number;
	high: number;
}

// z of a two-sided 95 % interval.
const z = 1.959964;

// wilson is Wilson's score interval for right out of all: it stays within [0,1]
// and tells something even at 0 of 1, where share ± deviation would claim
// certainty. null when there is nothing to go by.
// Source: E. B. Wilson, Probable Inference, JASA 22 (1927).
export function wilson(right: number, all: number): Interval | null {
	if (all <= 0) return null;
	const share = right / all;
	const scale = 1 + (z * z) / all;
	const middle = (share + (z * z) / (2 * all)) / scale;
	const half = (z * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all))) / scale;
	// At the ends the bound is the share itself; rounding must not say otherwise.
	return {
		share,
		low: right === 0 ? 0 : Math.max(0, middle - half),
		high: right === all ? 1 : Math.min(1, middle + half),
	};
}

// found is how many transactions the spies traced to their sources: the server
// gives it as a share of those seen.
export function found(spy: Spy | null): number {
	return spy === null ? 0 : Math.round((spy.recall ?? 0) * spy.seen);
}
