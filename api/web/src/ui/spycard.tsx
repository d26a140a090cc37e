import { useState } from "preact/hooks";
import { post } from "../client";
import type { Spy } from "../contract";
import { many, percent, shortHash } from "../state/format";
import { found, type Interval, wilson } from "../state/interval";
import type { Model } from "../state/model";
import { dispatch } from "../store";

// SpyCard turns some nodes into spies that guess who sent what, and says how
// often they are right.
export function SpyCard({ model }: { model: Model }) {
	const [fraction, setFraction] = useState(0.2);
	const [error, fail] = useState("");
	const [busy, setBusy] = useState(false);
	const writable = model.info?.writable ?? false;
	const spy = model.spy;
	const on = spy?.on ?? false;
	const toggle = async () => {
		setBusy(true);
		try {
			const answer = await post<Spy>("/api/v1/devnet/spy", on ? { on: false } : { on: true, fraction });
			dispatch({ type: "spy", spy: answer });
			fail("");
		} catch (e) {
			fail(e instanceof Error ? e.message : String(e));
		} finally {
			setBusy(false);
		}
	};
	return (
		<section class="card spy" aria-labelledby="spy-title">
			<div class="row">
				<h2 id="spy-title">Spies</h2>
				<span class="grow" />
				{!on && (
					<label>
						<span class="visually-hidden">Part of the nodes</span>
						<select value={fraction} disabled={!writable} onChange={(e) => setFraction(Number(e.currentTarget.value))}>
							{[0.1, 0.2, 0.3, 0.5].map((f) => (
								<option key={f} value={f}>{`${percent(f)} of nodes`}</option>
							))}
						</select>
					</label>
				)}
				<button type="button" disabled={!writable || busy} aria-pressed={on} onClick={toggle} data-testid="spy">
					{on ? "Switch off" : "Switch on"}
				</button>
			</div>
			{error && (
				<p class="bad" role="alert">
					{error}
				</p>
			)}
			{on && spy ? (
				<Score spy={spy} />
			) : (
				<p class="hint">
					Some nodes note who hands them each transaction first, put their notes together, and name a sender.
				</p>
			)}
		</section>
	);
}

function Score({ spy }: { spy: Spy }) {
	const right = found(spy);
	return (
		<>
			<p class="hint">{`${spy.spies.join(", ")} ${spy.spies.length === 1 ? "listens" : "listen"}. ${many(spy.seen, "transaction")} by others so far.`}</p>
			<Share
				name="Recall"
				meaning="of all senders, how many they find"
				value={wilson(right, spy.seen)}
				of={`${right} of ${spy.seen}`}
			/>
			<Share
				name="Right guesses"
				meaning="of those they name, how many are it"
				value={wilson(right, spy.guesses)}
				of={`${right} of ${spy.guesses}`}
			/>
			<p class="hint">
				{`Precision as pappus sim defines it, over each sender's last transaction: `}
				<b>{spy.precision === null || spy.seen === 0 ? "–" : spy.precision.toFixed(2)}</b>
			</p>
			{spy.recent.length > 0 && (
				<ol class="guesses" aria-label="Latest guesses">
					{spy.recent.slice(0, 6).map((g) => (
						<li key={g.txid}>
							<span class="mono">{shortHash(g.txid)}</span>
							<span>{g.guess === "" ? "no guess" : `guess ${g.guess}`}</span>
							<span class={g.right ? "bad" : "good"}>{g.right ? "found" : `was ${g.origin}`}</span>
						</li>
					))}
				</ol>
			)}
		</>
	);
}

interface ShareProps {
	name: string;
	meaning: string;
	value: Interval | null;
	of: string;
}

// Share is drawn as a bar with the 95 % interval: after three guesses it is wide,
// and the eye should not read more into it.
function Share({ name, meaning, value, of }: ShareProps) {
	const words = value
		? `${percent(value.share)}, 95 % interval ${percent(value.low)} to ${percent(value.high)}`
		: "nothing to go by yet";
	return (
		<div class="share">
			<div class="row">
				<b>{name}</b>
				<small>{meaning}</small>
			</div>
			<svg
				viewBox="0 0 100 8"
				preserveAspectRatio="none"
				width="100%"
				height="10"
				role="img"
				aria-label={`${name}: ${words}`}
			>
				<rect class="rail" x="0" y="3" width="100" height="2" />
				{value && <rect class="range" x={100 * value.low} y="1" width={100 * (value.high - value.low)} height="6" />}
				{value && <rect class="point" x={Math.min(99, 100 * value.share)} y="0" width="1" height="8" />}
			</svg>
			<small>{value ? `${of} · ${words}` : words}</small>
		</div>
	);
}
