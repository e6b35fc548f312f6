import { useEffect, useRef } from "preact/hooks";
import { useKeys } from "../shared/keys.js";
import { ErrorReason, type ActivitySessionError } from "activity-session/web";
import "./filter.css";

/** Properties of `Filter`. */
export interface FilterProps {
  filter: string;
  error: ActivitySessionError | undefined;
  apply: (filter: string) => void;
}

/** The field of the filter, with what is wrong about it. */
export function Filter({ filter, error, apply }: FilterProps) {
  const field = useRef<HTMLInputElement>(null);
  const position = error && positionIn(filter, error);
  useKeys({ key: "/", does: "goes to the filter", run: () => field.current?.select() });
  useEffect(() => {
    if (field.current) field.current.value = filter;
  }, [filter]);
  useEffect(() => {
    if (position !== undefined) field.current?.setSelectionRange(position, position);
  }, [error]);
  return (
    <form
      role="search"
      class="filter"
      onSubmit={(event) => (event.preventDefault(), apply(field.current?.value ?? ""))}
    >
      <label for="filter">Filter</label>
      <input
        id="filter"
        ref={field}
        dir="auto"
        autocomplete="off"
        spellcheck={false}
        enterkeyhint="search"
        aria-invalid={error !== undefined}
        aria-describedby="filter-error"
      />
      <button type="submit">Apply</button>
      {filter && (
        <button type="button" onClick={() => apply("")}>
          Clear
        </button>
      )}
      <div id="filter-error" role="status">
        {error && <Mistake filter={filter} error={error} />}
      </div>
    </form>
  );
}

function Mistake({ filter, error }: { filter: string; error: ActivitySessionError }) {
  const position = positionIn(filter, error);
  return (
    <>
      {position !== undefined && (
        <pre dir="auto">
          {filter.slice(0, position)}
          <span class="caret">^</span>
          {filter.slice(position)}
        </pre>
      )}
      <p class="refusal" dir="auto">
        {error.details}
      </p>
    </>
  );
}

/** Returns where a filter is wrong, counted in units of UTF-16; the server counts characters. */
function positionIn(filter: string, { reason, metadata }: ActivitySessionError): number | undefined {
  if (reason !== ErrorReason.INVALID_FILTER) return undefined;
  return [...filter].slice(0, Number(metadata["position"])).join("").length;
}
