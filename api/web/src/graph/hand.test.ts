import { expect, test } from "vitest";
import { Hand } from "./hand";

function hand() {
	const did: string[] = [];
	const h = new Hand({
		drag: (dx, dy) => did.push(`drag ${dx} ${dy}`),
		pinch: (by, x, y) => did.push(`pinch ${by} ${x} ${y}`),
	});
	return { h, did };
}

test("a press that trembles is a click", () => {
	const { h, did } = hand();
	h.press(1, 10, 10);
	h.move(1, 12, 11);
	h.release(1);
	expect([did, h.dragged, h.holds]).toEqual([[], false, false]);
});

test("one pointer drags", () => {
	const { h, did } = hand();
	h.move(1, 5, 5); // nothing is pressed
	h.press(1, 10, 10);
	h.move(1, 20, 10);
	h.move(1, 21, 13);
	h.release(1);
	expect([did, h.dragged]).toEqual([["drag 10 0", "drag 1 3"], true]);
	h.press(2, 0, 0);
	expect(h.dragged).toBe(false);
});

test("two pinch around what is between them", () => {
	const { h, did } = hand();
	h.press(1, 0, 0);
	h.press(2, 100, 0);
	h.press(3, 50, 50); // of no use
	h.move(2, 200, 0);
	h.move(3, 60, 60);
	expect(did).toEqual(["drag 50 0", "pinch 2 100 0"]);
	h.release(2);
	h.move(1, 0, 10);
	expect(did.at(-1)).toBe("drag 0 10");
});
