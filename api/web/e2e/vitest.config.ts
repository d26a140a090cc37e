import { defineConfig } from "vitest/config";

// A story in a browser is told in order, and what is awaited has this long: a
// bound for what never comes, not a measure.
const patience = 60_000;

export default defineConfig({
	test: {
		include: process.env.FIGURES ? ["e2e/figures.ts"] : ["e2e/*.test.ts"],
		testTimeout: patience,
		hookTimeout: (process.env.FIGURES ? 6 : 2) * patience,
		retry: 0,
		bail: 1,
		fileParallelism: false,
	},
});
