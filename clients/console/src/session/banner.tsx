import { useShared } from "./context.js";

export function Banner() {
  const { failure } = useShared().live;
  return failure.value ? <p class="banner" role="alert">{String(failure.value)}</p> : null;
}
