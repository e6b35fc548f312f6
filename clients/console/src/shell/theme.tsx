import { effect } from "@preact/signals";
import { stored } from "../shared/stored.js";

const THEMES = ["system", "light", "dark"];
const theme = stored("theme", "system");
effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});

/** Chooses between light and dark, or what the system has. */
export function ThemeChoice() {
  return (
    <label class="choice">
      <span>Theme</span>
      <select value={theme.value} onChange={({ currentTarget }) => (theme.value = currentTarget.value)}>
        {THEMES.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}
