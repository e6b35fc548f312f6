import { withLabel } from "./terms.js";

/** Properties of `Labels`. */
export interface LabelsProps {
  labels: Readonly<Record<string, string>>;
  narrow: (term: string) => void;
}

/** Labels, each of which narrows the list to the sessions that have it. */
export function Labels({ labels, narrow }: LabelsProps) {
  const pairs = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1));
  return (
    <ul class="chips">
      {pairs.map(([key, value]) => (
        <li key={key} class="chip">
          <button type="button" onClick={() => narrow(withLabel(key, value))}>
            <bdi>{key}</bdi>: <bdi>{value}</bdi>
            <span class="unseen">: show sessions with it</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
