// How close the graph is looked at, and where. At zoom 1 all of it is in the card;
// closer, the card is always full of it, so that nobody gets lost beside it.

export interface Camera {
	zoom: number;
	x: number; // pixels that the picture is moved by
	y: number;
}

export const whole: Camera = { zoom: 1, x: 0, y: 0 };

// Nodes of a hundred stand some 60 pixels apart: closer than this shows one.
const closest = 8;
// One press of a key, a button or a notch of the wheel.
export const nearer = 1.3;

export interface Size {
	width: number;
	height: number;
}

function within({ zoom, x, y }: Camera, { width, height }: Size): Camera {
	const near = Math.min(closest, Math.max(1, zoom));
	return { zoom: near, x: held(x, near, width), y: held(y, near, height) };
}

// The picture may be moved by what sticks out of the card. `+ 0` makes no zero negative.
function held(move: number, zoom: number, length: number): number {
	return Math.min(0, Math.max((1 - zoom) * length, move)) + 0;
}

// zoomed is closer, or further off, around a point that stays where it is.
export function zoomed(c: Camera, by: number, x: number, y: number, size: Size): Camera {
	const zoom = Math.min(closest, Math.max(1, c.zoom * by));
	const real = zoom / c.zoom;
	return within({ zoom, x: x - (x - c.x) * real, y: y - (y - c.y) * real }, size);
}

export function moved(c: Camera, dx: number, dy: number, size: Size): Camera {
	return within({ ...c, x: c.x + dx, y: c.y + dy }, size);
}

// showing is moved as little as brings a point of the card into view.
export function showing(c: Camera, x: number, y: number, size: Size): Camera {
	const margin = 30;
	const need = (at: number, length: number) => Math.max(margin - at, 0) + Math.min(length - margin - at, 0);
	return moved(c, need(x, size.width), need(y, size.height), size);
}
