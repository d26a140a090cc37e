import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import { mock } from "./mock/server.ts";

// What the page carries of others, with the notices that their licences ask for.
const carried = ["preact", "d3-force", "d3-dispatch", "d3-quadtree", "d3-timer", "uplot"];

function licenses(): Plugin {
	return {
		name: "licenses",
		apply: "build",
		generateBundle() {
			const notices = carried.map((name) => {
				const read = (file: string) => readFileSync(`node_modules/${name}/${file}`, "utf8");
				const { version } = JSON.parse(read("package.json")) as { version: string };
				return `${name} ${version}\n\n${read("LICENSE").trim()}\n`;
			});
			this.emitFile({
				type: "asset",
				fileName: "assets/licenses.txt",
				source: notices.join(`\n${"-".repeat(70)}\n\n`),
			});
		},
	};
}

export default defineConfig({
	base: "./",
	plugins: [licenses(), mock()],
	build: {
		target: "es2022",
		// Those that know light-dark(): colours for both stand once.
		cssTarget: ["chrome123", "firefox120", "safari17.5"],
		// Nothing inline: the page's policy is default-src 'self'.
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
	},
	test: { include: ["src/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
