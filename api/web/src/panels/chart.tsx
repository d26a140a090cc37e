import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { readColour } from "../graph/palette";
import { clock } from "../state/format";
import { useThemeChange } from "../ui/theme";

interface Series {
	name: string;
	colour: string; // a variable of the style sheet
	values: (number | null)[];
}

interface Props {
	title: string;
	at: number[]; // seconds
	unit: (n: number) => string;
	series: Series[];
}

const height = 150;
// The time that fits, in seconds.
const span = 300;

// Chart draws series over time with uPlot; the latest values stand beside it in
// words, which is also what a screen reader is told.
export function Chart({ title, at, unit, series }: Props) {
	const box = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot | null>(null);
	const [theme, setTheme] = useState(0);
	useThemeChange(useCallback(() => setTheme((t) => t + 1), []));
	const data: uPlot.AlignedData = [at, ...series.map((s) => s.values)];
	const latest = useRef(data);
	latest.current = data;
	const names = series.map((s) => `${s.name} ${s.colour}`).join();

	// New colours make a new chart; new data are handed to the old one below.
	useEffect(() => {
		const element = box.current;
		if (!element) return;
		const colour = (name: string) => readColour(element, name);
		const axis = { stroke: colour("ink-soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
		const options: uPlot.Options = {
			width: element.clientWidth,
			height,
			legend: { show: false },
			cursor: { show: false },
			scales: {
				x: { time: false, range: (_, __, max) => [max - span, max] },
				y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
			},
			axes: [
				{ ...axis, size: 28, space: 80, values: (_, ticks) => ticks.map((t) => clock(1000 * t)) },
				{ ...axis, size: 62, values: (_, ticks) => ticks.map(unit) },
			],
			series: [{}, ...series.map((s) => ({ label: s.name, stroke: colour(s.colour), width: 2 }))],
		};
		const made = new uPlot(options, latest.current, element);
		plot.current = made;
		const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
		resized.observe(element);
		return () => {
			resized.disconnect();
			made.destroy();
			plot.current = null;
		};
	}, [theme, names]);
	useEffect(() => plot.current?.setData(data));

	return (
		<figure class="chart">
			<figcaption class="row">
				<b>{title}</b>
				{series.map((s) => (
					<span key={s.name}>
						<i class={`dash ${s.colour}`} />
						{`${s.name} ${said(s.values.at(-1), unit)}`}
					</span>
				))}
			</figcaption>
			<div ref={box} aria-hidden="true" />
		</figure>
	);
}

function said(value: number | null | undefined, unit: (n: number) => string): string {
	return value === null || value === undefined ? "–" : unit(value);
}
