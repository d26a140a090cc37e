// The colours of the canvas are those of the style sheet, read once a theme.

const names = [
	"card",
	"ink",
	"ink-soft",
	"line",
	"link",
	"up",
	"syncing",
	"down",
	"seen",
	"spy",
	"stem",
	"fluff",
	"focus",
] as const;

export type Palette = Record<(typeof names)[number], string>;

export function readPalette(element: Element): Palette {
	const style = getComputedStyle(element);
	const entries = names.map((n) => [n, style.getPropertyValue(`--${n}`).trim()]);
	return Object.fromEntries(entries) as Palette;
}
