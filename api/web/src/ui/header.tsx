import { useEffect, useRef, useState } from "preact/hooks";
import { hasToken, setToken } from "../client";
import type { Model } from "../state/model";
import { refreshInfo } from "../store";
import { ThemeSwitch } from "./theme";

export function Header({ model }: { model: Model }) {
	return (
		<header class="top">
			<h1>
				<Seed />
				Pappus
			</h1>
			{model.info && (
				<p class="where">
					<span class="badge">{model.info.network}</span>
					<span class="badge plain">{model.info.kind === "devnet" ? "devnet" : "node, own view"}</span>
				</p>
			)}
			<span class="grow" />
			<Live model={model} />
			<ThemeSwitch />
			<Access model={model} />
		</header>
	);
}

function Seed() {
	return <img src="./favicon.svg" width="26" height="26" alt="" />;
}

function Live({ model }: { model: Model }) {
	const words = { connecting: "connecting", live: "live", lost: "connection lost" }[model.connection];
	return (
		<span class={`pill ${model.connection}`} role="status">
			<i aria-hidden="true" />
			{words}
		</span>
	);
}

export function LostBanner({ model }: { model: Model }) {
	if (model.connection === "lost") {
		return (
			<p class="banner" role="alert">
				The connection to the server is lost. What you see is as it was; the page connects again by itself and goes on
				from there.
			</p>
		);
	}
	if (model.error === "") return null;
	return (
		<p class="banner" role="alert">
			{model.error}
		</p>
	);
}

// Access: a page that was opened without a token only reads.
function Access({ model }: { model: Model }) {
	const dialog = useRef<HTMLDialogElement>(null);
	const [token, set] = useState("");
	const [error, fail] = useState("");
	const writable = model.info?.writable ?? false;
	useEffect(() => {
		if (writable) dialog.current?.close();
	}, [writable]);

	const submit = async (e: Event) => {
		e.preventDefault();
		setToken(token.trim());
		try {
			const info = await refreshInfo();
			if (info.writable) {
				set("");
				fail("");
				return;
			}
			fail(
				"The server does not know this token. A node's is the whole line of the file .cookie in its network's folder.",
			);
		} catch (why) {
			fail(why instanceof Error ? why.message : String(why));
		}
		setToken("");
	};
	const leave = async () => {
		setToken("");
		await refreshInfo().catch(() => undefined);
	};
	if (!model.info) return null;
	if (writable) {
		return hasToken() ? (
			<button type="button" class="quiet" onClick={leave} title="Forget the token; the page only reads then">
				Operator · leave
			</button>
		) : (
			<span class="badge plain">operator</span>
		);
	}
	return (
		<>
			<button type="button" class="quiet" onClick={() => dialog.current?.showModal()}>
				Read-only · unlock
			</button>
			<dialog ref={dialog} aria-labelledby="access-title">
				<form onSubmit={submit}>
					<h2 id="access-title">Operator access</h2>
					<p>
						Paste the token that <code>pappus devnet</code> printed, or the line of a node's <code>.cookie</code> file.
						It stays in this tab only.
					</p>
					<label>
						Token or cookie
						<input
							type="password"
							autocomplete="off"
							value={token}
							onInput={(e) => set(e.currentTarget.value)}
							required
							aria-describedby={error ? "access-error" : undefined}
						/>
					</label>
					{error && (
						<p id="access-error" class="bad" role="alert">
							{error}
						</p>
					)}
					<div class="row end">
						<button type="button" class="quiet" onClick={() => dialog.current?.close()}>
							Cancel
						</button>
						<button type="submit" class="main">
							Unlock
						</button>
					</div>
				</form>
			</dialog>
		</>
	);
}
