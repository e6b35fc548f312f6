// Interim, for imports that do not name the package yet. To be deleted.
export { connect, watch } from "activity-session/web";
