// Figures of docs/measurements.md: how soon the page is of use, and how many
// frames a second it draws. They are told, not asserted: machines differ.
//
//	scripts/browser.sh figures 20

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { launch, open, shot } from "./browser";
import { type Devnet, devnet } from "./devnet";

const nodes = Number(process.env.NODES ?? 20);
const runs = 5;

let net: Devnet;
let browser: Browser;

beforeAll(async () => {
	net = await devnet(nodes, "--payments", "0s", "--blocks", "0s");
	browser = await launch();
});

afterAll(async () => {
	await browser?.close();
	await net?.stop();
});

function tell(what: string, unit: string, values: number[]) {
	const sorted = [...values].sort((a, b) => a - b);
	const show = (n: number | undefined) => (n ?? 0).toFixed(0);
	const middle = show(sorted[Math.floor(sorted.length / 2)]);
	console.log(`${what}, ${nodes} nodes: ${middle} ${unit} [${show(sorted[0])}-${show(sorted.at(-1))}]`);
}

// usable waits until all nodes are drawn and a transaction can be sent, and returns
// when that was, in ms since the page was asked for.
async function usable(page: Page): Promise<number> {
	const ready = await page.waitForFunction((n) => {
		const up = document.querySelector("[data-testid=nodes-up]")?.textContent === String(n);
		const send = document.querySelector<HTMLButtonElement>("[data-testid=send]");
		return up && send && !send.disabled && document.querySelector("canvas") ? performance.now() : false;
	}, nodes);
	return (await ready.jsonValue()) || 0;
}

// frames counts them for three seconds.
async function frames(page: Page): Promise<number> {
	return page.evaluate(
		() =>
			new Promise<number>((resolve) => {
				let count = -1;
				let begin = 0;
				const next = (now: number) => {
					if (count < 0) begin = now;
					count++;
					if (now - begin < 3000) requestAnimationFrame(next);
					else resolve((1000 * count) / (now - begin));
				};
				requestAnimationFrame(next);
			}),
	);
}

test("usable after", async () => {
	const times: number[] = [];
	for (let i = 0; i < runs; i++) {
		const { page } = await open(browser, net.address);
		times.push(await usable(page));
		await page.context().close();
	}
	tell("usable after", "ms", times);
});

test("frames a second", async () => {
	const { page } = await open(browser, net.address);
	await usable(page);
	const moving: number[] = [];
	const playing: number[] = [];
	for (let i = 0; i < runs; i++) {
		await page.getByTestId(i % 2 === 0 ? "partition" : "heal").click();
		await page.getByTestId(i % 2 === 0 ? "heal" : "partition").waitFor();
		moving.push(await frames(page));
	}
	tell("frames a second while the layout moves", "", moving);
	await page.getByTestId("heal").click();
	await page.getByTestId("partition").waitFor();
	for (let i = 0; i < runs; i++) {
		if (i === 0) await page.getByTestId("send").click();
		else await page.getByRole("button", { name: "Play again" }).click();
		await page.getByRole("button", { name: "Pause" }).waitFor();
		playing.push(await frames(page));
		await page.getByRole("button", { name: "Play again" }).waitFor();
	}
	tell("frames a second while a transaction is played", "", playing);
}, 300_000);

test("a picture of it", async () => {
	const { page } = await open(browser, net.address, { viewport: { width: 1360, height: 860 } });
	await usable(page);
	await page.getByTestId("send").click();
	await page
		.getByTestId("trace-summary")
		.filter({ hasText: `${nodes} of ${nodes}` })
		.waitFor();
	await page.getByRole("button", { name: "Play again" }).waitFor();
	const steps = page.getByTestId("steps").getByRole("listitem");
	const half = Math.round(((await steps.count()) * 3) / 5);
	await steps.nth(half).getByRole("button").click();
	await shot(page, "picture");
});
