import { useEffect, useState } from "preact/hooks";

// light or dark as the system has it, until the reader says otherwise.
type Theme = "system" | "light" | "dark";

const key = "pappus-theme";
const themes: Theme[] = ["system", "light", "dark"];

function stored(): Theme {
	const value = localStorage.getItem(key);
	return themes.find((t) => t === value) ?? "system";
}

function apply(theme: Theme) {
	if (theme === "system") delete document.documentElement.dataset.theme;
	else document.documentElement.dataset.theme = theme;
}

export function restoreTheme() {
	apply(stored());
}

export function ThemeSwitch() {
	const [theme, set] = useState(stored);
	const choose = (next: Theme) => {
		localStorage.setItem(key, next);
		apply(next);
		set(next);
		window.dispatchEvent(new Event("pappus-theme"));
	};
	return (
		<label class="theme">
			<span class="visually-hidden">Colours</span>
			<select value={theme} onChange={(e) => choose(e.currentTarget.value as Theme)}>
				<option value="system">Auto</option>
				<option value="light">Light</option>
				<option value="dark">Dark</option>
			</select>
		</label>
	);
}

// useThemeChange calls when colours on a canvas must be read again.
export function useThemeChange(call: () => void) {
	useEffect(() => {
		const system = window.matchMedia("(prefers-color-scheme: dark)");
		system.addEventListener("change", call);
		window.addEventListener("pappus-theme", call);
		return () => {
			system.removeEventListener("change", call);
			window.removeEventListener("pappus-theme", call);
		};
	}, [call]);
}

export function useReducedMotion(): boolean {
	const [reduced, set] = useState(() => window.matchMedia("(prefers-reduced-motion: reduce)").matches);
	useEffect(() => {
		const query = window.matchMedia("(prefers-reduced-motion: reduce)");
		const changed = () => set(query.matches);
		query.addEventListener("change", changed);
		return () => query.removeEventListener("change", changed);
	}, []);
	return reduced;
}
