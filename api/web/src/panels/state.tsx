import type { ComponentChildren } from "preact";
import type { Polled } from "../store";

interface Props<T> {
	of: Polled<T>;
	isEmpty?: (value: T) => boolean;
	empty?: string;
	children: (value: T) => ComponentChildren;
}

// Loaded shows what came, or says that nothing has come, is there, or why not.
export function Loaded<T>({ of, isEmpty, empty, children }: Props<T>) {
	if (of.value === null) {
		return of.error === "" ? (
			<p class="empty">Loading…</p>
		) : (
			<p class="empty bad" role="alert">
				{of.error}
			</p>
		);
	}
	if (isEmpty?.(of.value)) return <p class="empty">{empty}</p>;
	return (
		<>
			{of.error !== "" && (
				<p class="bad" role="alert">
					{`Out of date: ${of.error}`}
				</p>
			)}
			{children(of.value)}
		</>
	);
}

export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
	return (
		<dl class="facts">
			{rows.map(([name, value]) => (
				<div key={name}>
					<dt>{name}</dt>
					<dd>{value}</dd>
				</div>
			))}
		</dl>
	);
}

interface ScrollProps {
	label: string;
	children: ComponentChildren;
}

// Scroll is a table that may be larger than its place; the keys scroll it too.
export function Scroll({ label, children }: ScrollProps) {
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it with the keys
		<section class="scroll" tabIndex={0} aria-label={label}>
			{children}
		</section>
	);
}
