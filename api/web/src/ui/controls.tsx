import { useState } from "preact/hooks";
import { post } from "../client";
import { type Model, parts } from "../state/model";

interface Props {
	model: Model;
	selected: string;
	select: (name: string) => void;
}

type Outcome = { text: string; bad: boolean };

// Controls do to the devnet what its commands do.
export function Controls({ model, selected, select }: Props) {
	const [busy, setBusy] = useState("");
	const [outcome, say] = useState<Outcome>({ text: "", bad: false });
	const writable = model.info?.writable ?? false;
	const node = model.nodes.get(selected);
	const split = parts(model) > 1;

	const run = async <T,>(verb: string, body: unknown, done: (answer: T) => string) => {
		setBusy(verb);
		try {
			const answer = await post<T>(`/api/v1/devnet/${verb}`, body);
			say({ text: done(answer), bad: false });
		} catch (e) {
			say({ text: e instanceof Error ? e.message : String(e), bad: true });
		} finally {
			setBusy("");
		}
	};
	const button = (verb: string, label: string, act: () => void, main = false) => (
		<button
			type="button"
			class={main ? "main" : undefined}
			disabled={!writable || busy !== ""}
			aria-busy={busy === verb}
			onClick={act}
			data-testid={verb}
		>
			{label}
		</button>
	);
	const names = (a: { names: string[] }) => `${a.names.join(", ")} ${a.names.length === 1 ? "is" : "are"} starting.`;
	const add = (n: number) => run<{ names: string[] }>("add", { count: n }, names);
	const onNode = (verb: string, said: string) => run<object>(verb, { name: selected }, () => `${selected} ${said}`);
	const sent = (a: { txids: string[] }) =>
		`Sent ${a.txids.length === 1 ? "a transaction" : `${a.txids.length} transactions`}.`;
	const send = (body: object) => run<{ txids: string[] }>("send", body, sent);
	const mined = (a: { hashes: string[] }) =>
		`Mined ${a.hashes.length === 1 ? "a block" : `${a.hashes.length} blocks`}.`;

	return (
		<section class="card controls" aria-labelledby="controls-title">
			<h2 id="controls-title">Try it</h2>
			{!writable && (
				<p class="hint">Read-only. Open the address that the devnet printed, or unlock above, to change the network.</p>
			)}
			<fieldset class="row">
				<legend>Network</legend>
				{button("send", "Send a transaction", () => send({}), true)}
				{button("add", "Add a node", () => add(1))}
				{button("mine", "Mine a block", () => run<{ hashes: string[] }>("mine", {}, mined))}
				{split
					? button("heal", "Heal", () => run<object>("heal", {}, () => "The parts are joined again."))
					: button("partition", "Split in two", () =>
							run<{ groups: string[][] }>(
								"partition",
								{},
								(a) => `Split into ${a.groups.map((g) => g.length).join(" and ")}.`,
							),
						)}
			</fieldset>
			<fieldset class="row">
				<legend>One node</legend>
				<label>
					<span class="visually-hidden">Node</span>
					<select value={selected} onChange={(e) => select(e.currentTarget.value)}>
						{[...model.nodes.keys()].map((name) => (
							<option key={name} value={name}>
								{name}
							</option>
						))}
					</select>
				</label>
				{button("send-from", "Send from it", () => send({ from: selected }))}
				{node?.state === "down"
					? button("restart", "Restart", () => onNode("restart", "is starting again."))
					: button("kill", "Kill", () => onNode("kill", "was killed. It can be restarted."))}
				{button("remove", "Remove", () => onNode("remove", "has left."))}
			</fieldset>
			<p class={outcome.bad ? "outcome bad" : "outcome"} role={outcome.bad ? "alert" : "status"}>
				{outcome.text}
			</p>
		</section>
	);
}
