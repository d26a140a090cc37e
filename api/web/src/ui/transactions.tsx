import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import type { Trace } from "../contract";
import type { Player } from "../graph/player";
import { duration, shortHash } from "../state/format";
import type { Model } from "../state/model";
import { summary } from "../state/walk";

interface Props {
	model: Model;
	player: Player;
}

const states: Record<Trace["state"], string> = {
	stem: "in its stem",
	fluff: "spreading",
	everywhere: "everywhere",
	mined: "mined",
};

// Transactions plays each transaction's way on the graph, in slow motion, and
// lists the same steps in words.
export function Transactions({ model, player }: Props) {
	const [follow, setFollow] = useState(true);
	useFollow(model.traces, player, follow);
	return (
		<section class="card transactions" aria-labelledby="tx-title">
			<div class="row">
				<h2 id="tx-title">Transactions</h2>
				<span class="grow" />
				<label class="check">
					<input type="checkbox" checked={follow} onChange={(e) => setFollow(e.currentTarget.checked)} />
					Follow new ones
				</label>
			</div>
			{model.traces.length === 0 ? (
				<p class="empty">None yet. Send one and watch its stem walk and its fluff spread.</p>
			) : (
				<>
					<TracePicker model={model} player={player} chosen={() => setFollow(false)} />
					<Playback player={player} />
				</>
			)}
		</section>
	);
}

// useFollow hands the player the newest transaction when it has finished with the
// one before, and what becomes known of the one that it shows.
function useFollow(traces: readonly Trace[], player: Player, follow: boolean) {
	const seen = useRef(new Set<string>());
	const first = useRef(true);
	const latest = useRef({ traces, follow });
	latest.current = { traces, follow };
	useEffect(() => {
		const next = () => {
			const { traces, follow } = latest.current;
			const newest = traces[0];
			if (!newest || !follow || player.playing || seen.current.has(newest.txid)) return;
			for (const t of traces) seen.current.add(t.txid);
			player.show(newest);
		};
		// What was there before the page was opened is not news.
		if (first.current && traces.length > 0) {
			first.current = false;
			for (const t of traces) if (t.sent_ms < performance.timeOrigin) seen.current.add(t.txid);
		}
		const now = traces.find((t) => t.txid === player.trace?.txid);
		if (now && now !== player.trace) player.grow(now);
		next();
		return player.watch(() => {
			// Not within the player's own call.
			if (player.finished && !player.playing) queueMicrotask(next);
		});
	}, [traces, player]);
}

function TracePicker({ model, player, chosen }: { model: Model; player: Player; chosen: () => void }) {
	const shown = usePlayer(player, () => player.trace?.txid ?? "");
	return (
		<label class="picker">
			<span class="visually-hidden">Transaction</span>
			<select
				value={shown}
				onChange={(e) => {
					const trace = model.traces.find((t) => t.txid === e.currentTarget.value);
					chosen();
					if (trace) player.show(trace);
					else player.close();
				}}
			>
				<option value="">{`Choose one of the last ${model.traces.length} to play it`}</option>
				{model.traces.map((t) => (
					<option key={t.txid} value={t.txid}>
						{`${shortHash(t.txid)} from ${t.origin}, ${states[t.state]}`}
					</option>
				))}
			</select>
		</label>
	);
}

// usePlayer shows again when what is read from the player has changed.
function usePlayer<T>(player: Player, read: () => T): T {
	const [, again] = useReducer((n: number) => n + 1, 0);
	const value = read();
	const last = useRef(value);
	last.current = value;
	const latest = useRef(read);
	latest.current = read;
	useEffect(
		() =>
			player.watch(() => {
				if (latest.current() !== last.current) again(0);
			}),
		[player],
	);
	return value;
}

function Playback({ player }: { player: Player }) {
	const trace = usePlayer(player, () => player.trace);
	const step = usePlayer(player, () => player.scene?.current ?? -1);
	const playing = usePlayer(player, () => player.playing);
	const tenth = usePlayer(player, () => Math.round(player.time / 100));
	const list = useRef<HTMLOListElement>(null);
	useEffect(() => {
		const item = list.current?.children[step] as HTMLElement | undefined;
		// Only the list scrolls, not the page.
		if (item && list.current) list.current.scrollTop = item.offsetTop - list.current.clientHeight / 2;
	}, [step]);
	const walk = player.walk;
	if (!trace || !walk) return null;
	return (
		<>
			<p class="summary-line" data-testid="trace-summary">
				{summary(trace)}
			</p>
			<fieldset class="row playback">
				<legend class="visually-hidden">Playback</legend>
				<button type="button" onClick={() => player.step(-1)} aria-label="Step back">
					<Icon d="M11 3v10L4 8z" bar={3} />
				</button>
				<button
					type="button"
					class="main"
					onClick={() => (playing ? player.pause() : player.play())}
					aria-label={playing ? "Pause" : player.finished ? "Play again" : "Play"}
				>
					{playing ? <Icon d="M4 3h3v10H4zM9 3h3v10H9z" /> : <Icon d="M4 2.500v11l9-5.500z" />}
				</button>
				<button type="button" onClick={() => player.step(1)} aria-label="Step on">
					<Icon d="M5 3v10l7-5z" bar={12} />
				</button>
				<label class="grow">
					<span class="visually-hidden">Position</span>
					<input
						type="range"
						min={0}
						max={Math.ceil(walk.length / 100)}
						value={tenth}
						onInput={(e) => {
							player.pause();
							player.seek(Number(e.currentTarget.value) * 100);
						}}
						aria-valuetext={walk.beats[step]?.text}
					/>
				</label>
				<label>
					<span class="visually-hidden">Speed</span>
					<select
						onChange={(e) => {
							player.speed = Number(e.currentTarget.value);
						}}
					>
						<option value="1">1×</option>
						<option value="0.5">½×</option>
						<option value="2">2×</option>
						<option value="4">4×</option>
					</select>
				</label>
			</fieldset>
			<ol class="steps" ref={list} data-testid="steps" aria-label="Steps, with the real time since it was sent">
				{walk.beats.map((b, i) => (
					<li
						key={`${b.kind} ${b.to}`}
						class={i > step ? "later" : undefined}
						aria-current={i === step ? "step" : undefined}
					>
						<button type="button" class="text" onClick={() => player.hold(i)}>
							<i class={`mark ${b.kind}`} aria-hidden="true" />
							<span>{b.text}</span>
							<time>{`+${duration(b.at_ms)}`}</time>
						</button>
					</li>
				))}
			</ol>
			<p class="hint">Slowed down to be seen; the times are the real ones.</p>
		</>
	);
}

function Icon({ d, bar }: { d: string; bar?: number }) {
	return (
		<svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" fill="currentColor">
			<path d={d} />
			{bar !== undefined && <path d={`M${bar} 3h1.500v10h-1.500z`} />}
		</svg>
	);
}
