import { signal } from "@preact/signals";
import { settings } from "../api.js";
import { Dialog } from "./dialog.js";
import { bound, letters } from "./keys.js";
import "./key_help.css";

/** Whether the help is open. */
export const isHelping = signal(false);

/** The keys of what is shown now, while it is asked for. */
export function KeyHelp() {
  if (!isHelping.value) return null;
  const { version } = settings.value;
  return (
    <Dialog title="Keys" close={() => (isHelping.value = false)}>
      <dl class="keys">
        {bound.value.map(({ key, does }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={letters.value === "on"}
          onChange={({ currentTarget }) => (letters.value = currentTarget.checked ? "on" : "off")}
        />{" "}
        These keys are on
      </label>
      {version && <p class="note">Activity Session {version}</p>}
    </Dialog>
  );
}
