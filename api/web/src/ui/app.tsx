import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { Player } from "../graph/player";
import { useModel } from "../store";
import { Announcer } from "./announcer";
import { Controls } from "./controls";
import { Feed } from "./feed";
import { Header, LostBanner } from "./header";
import { Inspector } from "./inspector";
import { NetworkCard } from "./networkcard";
import { SpyCard } from "./spycard";
import { Summary } from "./summary";
import { useReducedMotion } from "./theme";
import { Transactions } from "./transactions";

export function App() {
	const model = useModel();
	const calm = useReducedMotion();
	const player = useMemo(() => new Player(), []);
	player.calm = calm;
	const [selected, select] = useState("");
	const devnet = model.info?.kind === "devnet";

	// A node that is looked at may leave; then the first, or on a real node its own.
	const shown = model.nodes.has(selected) ? selected : firstNode(model.nodes);
	const pick = useCallback((name: string) => select(name), []);
	useEffect(() => {
		document.title = model.info ? `Pappus · ${model.info.network}` : "Pappus";
	}, [model.info]);

	return (
		<>
			<a class="skip" href="#main">
				Skip to the network
			</a>
			<Header model={model} />
			<LostBanner model={model} />
			<main id="main">
				<Summary model={model} />
				<NetworkCard
					model={model}
					selected={model.nodes.has(selected) ? selected : ""}
					select={pick}
					player={player}
					calm={calm}
				/>
				<div class="side">
					{devnet && (
						<>
							<Controls model={model} selected={shown} select={pick} />
							<Transactions model={model} player={player} />
							<SpyCard model={model} />
						</>
					)}
					<Feed model={model} />
				</div>
				<Inspector model={model} name={shown} select={pick} />
			</main>
			<footer>
				<span>{model.info ? `${model.info.agent} · ${model.info.version}` : ""}</span>
				<a href="./assets/licenses.txt">Licences</a>
			</footer>
			<Announcer model={model} />
		</>
	);
}

function firstNode(nodes: ReadonlyMap<string, { name: string; self: boolean }>): string {
	for (const node of nodes.values()) if (node.self) return node.name;
	return nodes.keys().next().value ?? "";
}
