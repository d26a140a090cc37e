import { expect, test } from "vitest";
import { moved, showing, whole, zoomed } from "./camera";

const card = { width: 800, height: 400 };

// seen is where a point of the whole picture is in the card.
const seen = (c: typeof whole, x: number, y: number) => [x * c.zoom + c.x, y * c.zoom + c.y];

test("what is under the pointer stays there", () => {
	let c = zoomed(whole, 2, 300, 100, card);
	expect(c.zoom).toBe(2);
	expect(seen(c, 300, 100)).toEqual([300, 100]);
	c = zoomed(c, 1.5, 10, 390, card);
	expect(c.zoom).toBe(3);
	expect(seen(c, (10 + 300) / 2, (390 + 100) / 2)).toEqual([10, 390]);
});

test("it ends where all is seen, and where one node is", () => {
	expect(zoomed(whole, 0.5, 300, 100, card)).toEqual(whole);
	const c = zoomed(zoomed(whole, 100, 300, 100, card), 100, 0, 0, card);
	expect(c.zoom).toBe(8);
	expect(zoomed(c, 1 / 8, 799, 399, card)).toEqual(whole);
});

test("the card stays full of the picture", () => {
	expect(moved(whole, 50, -50, card)).toEqual(whole);
	const near = zoomed(whole, 2, 400, 200, card);
	expect(moved(near, 1e6, 1e6, card)).toEqual({ zoom: 2, x: 0, y: 0 });
	expect(moved(near, -1e6, -1e6, card)).toEqual({ zoom: 2, x: -800, y: -400 });
	expect(moved(near, 30, -20, card)).toEqual({ zoom: 2, x: -370, y: -220 });
});

test("a node that is gone to from the keyboard comes into view", () => {
	const near = zoomed(whole, 4, 0, 0, card);
	expect(showing(near, 400, 200, card)).toEqual(near);
	expect(showing(near, 1000, 200, card)).toEqual({ zoom: 4, x: 770 - 1000, y: 0 });
	expect(showing({ zoom: 4, x: -500, y: -500 }, -10, 200, card)).toEqual({ zoom: 4, x: -460, y: -500 });
});
