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

// readColour is a variable of the style sheet as the theme at hand has it: only a
// property tells which of its two colours a variable stands for.
export function readColour(element: Element, name: string): string {
	const probe = document.createElement("i");
	probe.style.color = `var(--${name})`;
	element.append(probe);
	const { color } = getComputedStyle(probe);
	probe.remove();
	return color;
}

export function readPalette(element: Element): Palette {
	return Object.fromEntries(names.map((n) => [n, readColour(element, n)])) as Palette;
}
