import { useEffect, useRef, useState } from "preact/hooks";
import type { Model } from "../state/model";

// A screen reader is told what matters, a second's worth at a time: ten nodes
// that join at once are one sentence.
const gather = 1000;
const most = 4;

export function Announcer({ model }: { model: Model }) {
	const [text, say] = useState("");
	const heard = useRef(0);
	const waiting = useRef<string[]>([]);
	const timer = useRef(0);
	useEffect(() => {
		const news = model.feed.filter((e) => e.seq > heard.current && e.weight === "loud");
		heard.current = model.feed[0]?.seq ?? 0;
		waiting.current.push(...news.map((e) => e.text).reverse());
		if (waiting.current.length === 0 || timer.current !== 0) return;
		timer.current = window.setTimeout(() => {
			timer.current = 0;
			const all = waiting.current.splice(0);
			const more = all.length > most ? `, and ${all.length - most} more` : "";
			say(all.slice(0, most).join(", ") + more);
		}, gather);
	}, [model.feed]);
	useEffect(() => () => clearTimeout(timer.current), []);
	return (
		<div class="visually-hidden" aria-live="polite" data-testid="announcer">
			{text}
		</div>
	);
}
