import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, type Opened, open, shot } from "./browser";
import { type Devnet, devnet } from "./devnet";
import { Line } from "./line";

const nodes = 5;

let net: Devnet;
let browser: Browser;
let opened: Opened;
let page: Page;

beforeAll(async () => {
	// Payments come when the test sends them.
	net = await devnet(nodes, "--payments", "0s");
	browser = await launch();
	opened = await open(browser, net.address);
	page = opened.page;
});

afterAll(async () => {
	await browser?.close();
	await net?.stop();
});

// reads waits until an element says what it should.
async function reads(what: Locator, text: string | RegExp) {
	await what.filter({ hasText: text }).first().waitFor();
}

function row(name: string): Locator {
	return page.locator(`[data-testid=nodes] [data-node="${name}"]`);
}

async function names(): Promise<string[]> {
	const rows = await page.locator("[data-testid=nodes] [data-node]").all();
	return Promise.all(rows.map(async (r) => (await r.getAttribute("data-node")) ?? ""));
}

const nodesUp = () => page.getByTestId("nodes-up");
const control = (verb: string) => page.getByTestId(verb);

async function choose(name: string) {
	await row(name).getByRole("button").click();
}

test("it shows all nodes, and keeps its token out of the address", async () => {
	await reads(nodesUp(), new RegExp(`^${nodes}$`));
	expect(page.url()).not.toContain("token");
	await shot(page, "start");
});

// First, while every node has its links: one without has no stem to send along.
test("a transaction is followed from its stem to its fluff and to every node", async () => {
	await control("send").click();
	const steps = page.getByTestId("steps");
	await reads(page.getByTestId("trace-summary"), new RegExp(`${nodes} of ${nodes} nodes`));
	await page.getByRole("button", { name: "Play again" }).waitFor();
	const said = await steps.getByRole("listitem").locator("span").allTextContents();
	const kinds = said.map((s) => s.replace(/^(stem|fluff).*|.* (sends it)|.* has it.*/, "$1$2") || "has it");
	expect(kinds[0]).toBe("sends it");
	expect(kinds[1]).toBe("stem");
	const fluff = kinds.indexOf("fluff");
	expect(fluff).toBeGreaterThan(1);
	expect(kinds.slice(fluff + 1)).toEqual(Array(nodes - 1).fill("has it"));
	// And again, step by step.
	await steps.getByRole("button", { name: /^fluff/ }).click();
	await reads(steps.locator("[aria-current=step]"), "fluff");
	await page.getByRole("button", { name: "Step on" }).click();
	await reads(steps.locator("[aria-current=step]"), "has it");
	await shot(page, "fluff");
	await page.getByRole("button", { name: "Table" }).click();
	expect(await names()).toHaveLength(nodes);
});

test("a node that is added is seen to sync", async () => {
	const before = await names();
	await control("add").click();
	await page.locator("[data-testid=nodes] [data-node]").nth(nodes).waitFor();
	const added = (await names()).find((n) => !before.includes(n)) ?? "";
	await reads(row(added).locator("td").first(), /^up$/);
	await reads(nodesUp(), new RegExp(`^${nodes + 1}$`));
	await reads(page.getByTestId("feed"), new RegExp(`${added} is in step: [1-9][0-9]* blocks in`));
	await reads(page.getByTestId("announcer"), /joined|in step/);
	await choose(added);
});

test("a node that is removed is gone", async () => {
	const name = (await names()).at(-1) ?? "";
	await control("remove").click();
	await row(name).waitFor({ state: "detached" });
	await reads(nodesUp(), new RegExp(`^${nodes}$`));
	await reads(page.getByTestId("feed"), `${name} left`);
});

test("a node that is killed is shown as down until it is back", async () => {
	const name = (await names()).at(-1) ?? "";
	await choose(name);
	await control("kill").click();
	await reads(row(name).locator("td").first(), /^down$/);
	await reads(nodesUp(), new RegExp(`^${nodes - 1}$`));
	await control("restart").click();
	await reads(row(name).locator("td").first(), /^up$/);
});

test("it is mined when a block is", async () => {
	await control("mine").click();
	await reads(page.getByTestId("feed"), "mined at height");
});

test("the network is split and healed", async () => {
	await page.getByRole("button", { name: "Graph" }).click();
	await control("partition").click();
	await control("heal").waitFor();
	await reads(page.getByTestId("feed"), /network split into parts of (3 and 2|2 and 3)/);
	await shot(page, "partition");
	await control("heal").click();
	await control("partition").waitFor();
});

test("spies are switched on and what they find is counted", async () => {
	const card = page.locator("section.spy");
	await control("spy").click();
	await reads(card, "listen");
	await control("send").click();
	await reads(card, /0 transactions by others|1 transaction by others/);
	await control("spy").click();
	await reads(card, "Some nodes note");
});

test("each panel has something to say", async () => {
	const panel = page.getByRole("tabpanel");
	for (const [tab, words] of [
		["Peers", "pappus/"],
		["Mempool", "In their stem"],
		["Own transactions", /stem|none of its own/],
		["Address book", "Netgroups"],
		["Resources", "Goroutines"],
		["Log", "Level"],
		["Chain", "Best block"],
	] as const) {
		await page.getByRole("tab", { name: tab }).click();
		await reads(panel, words);
		expect(await panel.getByRole("alert").count()).toBe(0);
	}
});

test("it is used from the keyboard alone", async () => {
	const graph = page.getByRole("application");
	await graph.focus();
	await page.keyboard.press("ArrowRight");
	await reads(page.locator(".picked"), /height \d+, \d+ peers?/);
	await page.keyboard.press("Enter");
	expect(await page.evaluate(() => document.activeElement?.id)).toBe("inspector");
	await page.getByRole("tab", { selected: true }).focus();
	await page.keyboard.press("ArrowRight");
	await reads(page.getByRole("tab", { selected: true }), "Peers");
});

// drawnAt is the middle of some node on the graph, as its picture has it: where there
// is the colour of nodes that are up in all directions. It waits until one is drawn: a key
// that was just pressed is in the next picture, and a node may be at work, in another colour.
async function drawnAt(graph: Locator): Promise<[number, number]> {
	const found = () => nodeIn(graph);
	await expect.poll(found, { timeout: 10_000 }).not.toBeNull();
	return (await found()) as [number, number];
}

function nodeIn(graph: Locator): Promise<number[] | null> {
	return graph.evaluate((box) => {
		const [canvas, probe] = [box.querySelector("canvas"), document.createElement("i")];
		if (!canvas) return null;
		probe.style.color = "var(--up)";
		box.append(probe);
		const up = (getComputedStyle(probe).color.match(/\d+/g) ?? []).map(Number);
		probe.remove();
		const { width, height } = canvas;
		// Chromium complains of pictures that are read more than once; a copy is for reading.
		const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
		if (!copy) return null;
		copy.drawImage(canvas, 0, 0);
		const { data } = copy.getImageData(0, 0, width, height);
		const is = (x: number, y: number) => up.every((c, i) => data[4 * (y * width + x) + i] === c);
		const { left, top } = box.getBoundingClientRect();
		const scale = box.clientWidth / width;
		for (let y = 90; y < height - 90; y++) {
			for (let x = 90; x < width - 90; x++) {
				if ([-7, 0, 7].every((d) => is(x + d, y) && is(x, y + d))) return [left + x * scale, top + y * scale];
			}
		}
		return null;
	});
}

const isOver = async (graph: Locator) => (await graph.getAttribute("class"))?.split(" ").includes("over");

test("the graph is looked at from close by, and moved", async () => {
	const graph = page.getByRole("application");
	const fit = page.getByRole("button", { name: "Fit" });
	expect(await fit.isDisabled()).toBe(true);
	await page.getByRole("button", { name: "Zoom in" }).click();
	expect(await fit.isDisabled()).toBe(false);
	await fit.click();
	expect(await fit.isDisabled()).toBe(true);

	// By the keyboard: + twice, and what was chosen stays in view.
	await graph.focus();
	await page.keyboard.press("+");
	await page.keyboard.press("+");
	expect(await fit.isDisabled()).toBe(false);
	await page.keyboard.press("Shift+ArrowRight");
	await page.keyboard.press("ArrowRight");
	await reads(page.locator(".picked"), /height/);

	// By the mouse: what is dragged comes along, and a drag chooses nothing.
	await graph.evaluate((g) => g.scrollIntoView({ block: "center" }));
	for (const key of ["0", "+", "+"]) await page.keyboard.press(key);
	const [x, y] = await drawnAt(graph);
	await page.mouse.move(x, y);
	expect(await isOver(graph)).toBe(true);
	const chosen = await page.locator(".picked").textContent();
	await page.mouse.down();
	for (let i = 1; i <= 4; i++) await page.mouse.move(x - 10 * i, y - 5 * i);
	await page.mouse.up();
	await page.mouse.move(x - 41, y - 19); // beside it, or it would not be told anew
	expect(await isOver(graph)).toBe(true);
	expect(await page.locator(".picked").textContent()).toBe(chosen);

	// The wheel scrolls the page, with Ctrl it zooms.
	await page.keyboard.press("0");
	await page.mouse.wheel(0, -10);
	expect(await fit.isDisabled()).toBe(true);
	await page.keyboard.down("Control");
	await page.mouse.wheel(0, -300);
	await page.keyboard.up("Control");
	await reads(fit.and(page.locator(":enabled")), "Fit");
	await shot(page, "close");
	await graph.focus();
	await page.keyboard.press("0");
	expect(await fit.isDisabled()).toBe(true);
});

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function violations(p: Page): Promise<string[]> {
	await p.evaluate(axe);
	return p.evaluate(async () => {
		const { axe } = window as unknown as { axe: { run: () => Promise<{ violations: Violation[] }> } };
		type Violation = { id: string; nodes: { target: string[]; failureSummary: string }[] };
		const { violations } = await axe.run();
		return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary}`));
	});
}

test.each(["light", "dark"] as const)("axe finds nothing wrong in %s colours", async (colorScheme) => {
	const o = await open(browser, net.address, { colorScheme });
	await reads(o.page.getByTestId("nodes-up"), new RegExp(`^${nodes}$`));
	expect(await violations(o.page)).toEqual([]);
	await o.page.getByRole("button", { name: "Table" }).click();
	await o.page.getByRole("tab", { name: "Peers" }).click();
	await reads(o.page.getByRole("tabpanel"), "pappus/");
	expect(await violations(o.page)).toEqual([]);
	await shot(o.page, colorScheme);
	expect(o.complaints).toEqual([]);
	await o.page.context().close();
});

test("it fits a phone", async () => {
	const o = await open(browser, net.address, { viewport: { width: 360, height: 740 } });
	await reads(o.page.getByTestId("nodes-up"), new RegExp(`^${nodes}$`));
	for (const tab of await o.page.getByRole("tab").all()) {
		await tab.click();
		const wide = await o.page.evaluate(() => document.documentElement.scrollWidth);
		expect(wide).toBe(360);
	}
	await shot(o.page, "phone");
	await o.page.context().close();
});

test("it only reads without a token", async () => {
	const o = await open(browser, net.address.replace(/#.*/, ""));
	await reads(o.page.getByTestId("nodes-up"), new RegExp(`^${nodes}$`));
	expect(await o.page.getByTestId("add").isDisabled()).toBe(true);
	await o.page.getByRole("button", { name: "Read-only" }).click();
	const dialog = o.page.getByRole("dialog");
	await dialog.getByLabel("Token or cookie").fill("wrong");
	await dialog.getByRole("button", { name: "Unlock" }).click();
	await dialog.getByRole("alert").waitFor();
	const token = decodeURIComponent(net.address.replace(/.*#token=/, ""));
	await dialog.getByLabel("Token or cookie").fill(token);
	await dialog.getByRole("button", { name: "Unlock" }).click();
	await dialog.waitFor({ state: "hidden" });
	expect(await o.page.getByTestId("add").isDisabled()).toBe(false);
	await o.page.context().close();
});

test("a lost connection is said, and what happened meanwhile is made up for", async () => {
	const line = new Line(new URL(net.address));
	const o = await open(browser, await line.address());
	const status = o.page.locator(".pill");
	const up = o.page.getByTestId("nodes-up");
	await reads(status, "live");
	await reads(up, new RegExp(`^${nodes}$`));
	line.cut();
	await reads(status, "connection lost");
	await reads(o.page.getByRole("alert"), "connects again by itself");
	await control("add").click();
	await reads(nodesUp(), new RegExp(`^${nodes + 1}$`));
	line.mend();
	await reads(status, "live");
	await reads(up, new RegExp(`^${nodes + 1}$`));
	await reads(o.page.getByTestId("feed"), "joined");
	await o.page.context().close();
	line.close();
});

test("the console has nothing to complain of", () => {
	expect(opened.complaints).toEqual([]);
});
