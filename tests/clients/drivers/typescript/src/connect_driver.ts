/** The driver of the TypeScript client for browsers; ../../README.md has the protocol. */

import { parseArgs } from "node:util";
import { createConnectTransport } from "@connectrpc/connect-web";
import * as library from "activity-session/web";
import { drive } from "./driving.js";

const { Calls, Code, connect, createClient } = library;
const { values, positionals } = parseArgs({ allowPositionals: true, options: { token: { type: "string" } } });
const baseUrl = `http://${positionals[0]}`;
const connected = connect(baseUrl, { token: values.token });
// In JSON: what is connected sends the messages in binary.
const bare = new Calls(createConnectTransport({ baseUrl }));

await drive({ ...library, codes: Code }, { connected, bare: (service) => createClient(service, bare) });
// The fetch of Node.js can keep the connection of a stream that was aborted with much to read, and so the process.
process.exit();
