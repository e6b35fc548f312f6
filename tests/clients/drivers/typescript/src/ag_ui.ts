/** Reads a session by AG-UI's own client. Prints its events, a line each, and its messages once a line has come. */

import { once } from "node:events";
import { HttpAgent, type Message } from "@ag-ui/client";

const [url = "", had = "[]"] = process.argv.slice(2);
const agent = new HttpAgent({ url, initialMessages: JSON.parse(had) as Message[] });
const print = (line: object) => console.log(JSON.stringify(line));
void once(process.stdin, "data").then(() => agent.abortRun());
await agent.runAgent({}, { onEvent: ({ event }) => print({ event }) });
print({ messages: agent.messages });
process.exit();
