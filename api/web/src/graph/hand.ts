// Fingers and mice on the graph: one pointer drags, two pinch. A press that goes
// nowhere is a click, which is somebody else's.

interface Point {
	x: number;
	y: number;
}

export interface Grip {
	drag(dx: number, dy: number): void;
	pinch(by: number, x: number, y: number): void;
}

// A hand trembles by so many pixels.
const still = 4;

export class Hand {
	private readonly down = new Map<number, Point>();
	private from: Point = { x: 0, y: 0 };
	dragged = false; // since the first pointer came down

	constructor(private readonly grip: Grip) {}

	get holds(): boolean {
		return this.down.size > 0;
	}

	press(id: number, x: number, y: number) {
		if (this.down.size === 0) this.dragged = false;
		if (this.down.size === 2) return;
		this.down.set(id, { x, y });
		this.from = { x, y };
	}

	move(id: number, x: number, y: number) {
		const last = this.down.get(id);
		if (!last) return;
		const others = [...this.down].filter(([other]) => other !== id).map(([, p]) => p);
		const mate = others[0];
		if (!mate && !this.dragged && Math.hypot(x - this.from.x, y - this.from.y) < still) return;
		this.dragged = true;
		this.down.set(id, { x, y });
		if (!mate) {
			this.grip.drag(x - last.x, y - last.y);
			return;
		}
		const before = Math.hypot(last.x - mate.x, last.y - mate.y);
		const after = Math.hypot(x - mate.x, y - mate.y);
		const middle = { x: (x + mate.x) / 2, y: (y + mate.y) / 2 };
		this.grip.drag((x - last.x) / 2, (y - last.y) / 2);
		if (before > 0) this.grip.pinch(after / before, middle.x, middle.y);
	}

	release(id: number) {
		this.down.delete(id);
	}
}
