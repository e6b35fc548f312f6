/** The everyday loop: who takes part, turns, following, appending, shared state. Each is a few calls of the services. */

export { appendJson, appendText, type AppendOptions } from "./append.js";
export { ensureParticipant, ensureSession } from "./ensure.js";
export { follow, type FollowOptions } from "./follow.js";
export { SharedState, type Value } from "./state.js";
export { takeTurn, type Turn, type TurnOptions } from "./turn.js";
