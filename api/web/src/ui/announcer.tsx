import { useEffect, useState } from "preact/hooks";
import { describe } from "../state/describe";
import { nameOf } from "../state/model";
import { current, onEvent } from "../store";

// A screen reader is told what matters, a second's worth at a time: ten nodes
// that join at once are one sentence.
const gather = 1000;

export function Announcer() {
	const [text, say] = useState("");
	useEffect(() => {
		let waiting: string[] = [];
		let timer = 0;
		const flush = () => {
			timer = 0;
			const more = waiting.length > 4 ? `, and ${waiting.length - 4} more` : "";
			say(waiting.slice(0, 4).join(", ") + more);
			waiting = [];
		};
		const off = onEvent((event) => {
			const { text, weight } = describe(event, (id) => nameOf(current(), id));
			if (weight !== "loud") return;
			waiting.push(text);
			if (timer === 0) timer = window.setTimeout(flush, gather);
		});
		return () => {
			off();
			clearTimeout(timer);
		};
	}, []);
	return (
		<div class="visually-hidden" aria-live="polite" data-testid="announcer">
			{text}
		</div>
	);
}
