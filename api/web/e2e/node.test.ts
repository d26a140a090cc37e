import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, shot } from "./browser";
import { type Node, node } from "./devnet";

let real: Node;
let browser: Browser;

beforeAll(async () => {
	real = await node();
	browser = await launch();
});

afterAll(async () => {
	await browser?.close();
	await real?.stop();
});

test("a real node shows itself, and its secrets to its operator alone", async () => {
	const { page, complaints } = await open(browser, real.address);
	await page.getByText("node, own view").waitFor();
	const feed = page.getByTestId("feed");
	await feed.filter({ hasText: "this node is at height" }).waitFor();
	expect(await page.getByTestId("send").count()).toBe(0);
	const panel = page.getByRole("tabpanel");
	await page.getByRole("tab", { name: "Log" }).click();
	await panel.filter({ hasText: "for its operator" }).waitFor();
	await page.getByRole("tab", { name: "Own transactions" }).click();
	await panel.filter({ hasText: "to its operator only" }).waitFor();
	await shot(page, "node");
	await page.getByRole("button", { name: "Read-only" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByLabel("Token or cookie").fill(real.cookie());
	await dialog.getByRole("button", { name: "Unlock" }).click();
	await panel.filter({ hasText: "none of its own" }).waitFor();
	await page.getByRole("tab", { name: "Log" }).click();
	await panel.getByRole("listitem").first().waitFor();
	expect(complaints).toEqual([]);
});

test("a peer's row tells how the node came to know it", async () => {
	const second = await node("--connect", real.listens());
	try {
		for (const [address, source] of [
			[second.address, "--connect"],
			[real.address, "it dialled"],
		] as const) {
			const { page, complaints } = await open(browser, address);
			await page.getByRole("tab", { name: "Peers" }).click();
			const panel = page.getByRole("tabpanel");
			await panel.getByRole("columnheader", { name: "Known by" }).waitFor();
			const rows = panel.locator("tbody tr");
			await rows.filter({ hasText: source }).waitFor();
			expect(await rows.count()).toBe(1);
			expect(complaints).toEqual([]);
		}
	} finally {
		await second.stop();
	}
});
