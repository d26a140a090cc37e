import { defineConfig } from "vitest/config";

// A story in a browser is told in order. A test has this long, longer than what is
// awaited in it, so that the failure says what never came.
const patience = 120_000;

export default defineConfig({
	test: {
		include: process.env.FIGURES ? ["e2e/figures.ts"] : ["e2e/*.test.ts"],
		testTimeout: patience,
		hookTimeout: (process.env.FIGURES ? 3 : 1) * patience,
		retry: 0,
		bail: 1,
		fileParallelism: false,
	},
});
