import "uplot/dist/uPlot.min.css";
import "./style.css";
import { render } from "preact";
import { start } from "./store";
import { App } from "./ui/app";
import { restoreTheme } from "./ui/theme";

restoreTheme();
start();
const root = document.getElementById("app");
if (root) render(<App />, root);
