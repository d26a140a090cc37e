// Plays a transaction's walk: what time it is on it, and who wants to know.

import type { Trace } from "../contract";
import { type Scene, sceneAt, sceneThrough, type Walk, walk } from "../state/walk";

export class Player {
	trace: Trace | null = null;
	playing = false;
	speed = 1;
	time = 0;
	calm = false; // no motion: steps are shown, not played
	private course: Walk | null = null;
	private held = -1; // the beat that it was stepped to, -1 = it goes by time
	private last = 0;
	private frame = 0;
	private readonly watchers = new Set<() => void>();

	watch(call: () => void): () => void {
		this.watchers.add(call);
		return () => {
			this.watchers.delete(call);
		};
	}

	get walk(): Walk | null {
		return this.course;
	}

	get scene(): Scene | null {
		if (this.course === null) return null;
		return this.held >= 0 ? sceneThrough(this.course, this.held) : sceneAt(this.course, this.time);
	}

	get finished(): boolean {
		return this.course !== null && this.time >= this.course.length;
	}

	// show takes a transaction from its start.
	show(trace: Trace) {
		this.trace = trace;
		this.course = walk(trace);
		this.time = this.calm ? this.course.length : 0;
		this.held = -1;
		this.playing = false;
		this.play();
	}

	// grow takes what has become known of the same transaction; who had seen its
	// end goes on watching.
	grow(trace: Trace) {
		if (this.course === null || trace.steps.length === this.trace?.steps.length) {
			this.trace = trace;
			this.tell();
			return;
		}
		const wasDone = this.finished;
		this.trace = trace;
		this.course = walk(trace);
		this.held = -1;
		if (this.calm) this.time = this.course.length;
		else if (wasDone && !this.finished) this.play();
		this.tell();
	}

	close() {
		this.pause();
		this.trace = null;
		this.course = null;
		this.tell();
	}

	play() {
		if (this.course === null || this.playing) return;
		if (this.calm) {
			this.tell();
			return;
		}
		if (this.finished) this.time = 0;
		this.held = -1;
		this.playing = true;
		this.last = performance.now();
		this.frame = requestAnimationFrame((now) => this.advance(now));
		this.tell();
	}

	pause() {
		this.playing = false;
		cancelAnimationFrame(this.frame);
		this.tell();
	}

	seek(time: number) {
		this.held = -1;
		this.time = Math.max(0, Math.min(time, this.course?.length ?? 0));
		this.tell();
	}

	// step goes some beats on or back, to where that beat is over.
	step(by: number) {
		this.hold((this.scene?.current ?? 0) + by);
	}

	// hold shows how it is after a beat.
	hold(index: number) {
		if (this.course === null) return;
		this.pause();
		const held = Math.max(0, Math.min(this.course.beats.length - 1, index));
		this.time = this.course.beats[held]?.end ?? 0;
		this.held = held;
		this.tell();
	}

	private advance(now: number) {
		if (!this.playing || this.course === null) return;
		// A tab that was hidden goes on where it was.
		this.time += Math.min(100, Math.max(0, now - this.last)) * this.speed;
		this.last = now;
		if (this.finished) {
			this.time = this.course.length;
			this.playing = false;
		} else {
			this.frame = requestAnimationFrame((t) => this.advance(t));
		}
		this.tell();
	}

	private tell() {
		for (const call of this.watchers) call();
	}
}
