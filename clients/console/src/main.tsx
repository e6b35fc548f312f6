import { render } from "preact";
import { readSettings } from "./api.js";
import { App } from "./app.js";
import "./style/tokens.css";
import "./style/base.css";

void readSettings();
render(<App />, document.querySelector("#console")!);
