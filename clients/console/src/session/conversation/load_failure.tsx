import { Failure } from "../../shared/failure.js";
import { useShared } from "../context.js";

/** Says why events in view could not be loaded. */
export function LoadFailure() {
  const { loading } = useShared().live;
  const error = loading?.failure.value;
  return error ? <div class="load-failure"><Failure error={error} again={() => loading!.retry()} /></div> : null;
}
