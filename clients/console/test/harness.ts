/** All that the tests of the console begin with. */

export { browser, open } from "./browsers.js";
export { clients, ensureParticipants, newNamespace, say, type Clients } from "./seeds.js";
export { folder, PROGRAM, ROOT, serve, type Server, type Setting } from "./servers.js";
