// Debian's Chromium, headless, and the dashboard in it.

import { mkdirSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

// Without the flags after the first two it looks for its maker's hosts at every
// start.
const flags = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

export function launch(): Promise<Browser> {
	return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
}

// What is awaited has this long, in ms: a bound for what never comes, not a measure.
// An embargo may have to run out, and CI's two cores have other work.
const patience = 90_000;

export interface Opened {
	page: Page;
	complaints: string[]; // of the console: errors, warnings, refusals of the page's policy
}

export async function open(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Opened> {
	const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
	context.setDefaultTimeout(patience);
	const page = await context.newPage();
	const complaints: string[] = [];
	page.on("console", (m) => {
		if (m.type() === "error" || m.type() === "warning") complaints.push(m.text());
	});
	page.on("pageerror", (e) => complaints.push(e.message));
	await page.goto(address);
	return { page, complaints };
}

export async function shot(page: Page, name: string) {
	mkdirSync("e2e/out", { recursive: true });
	await page.screenshot({ path: `e2e/out/${name}.png` });
}
