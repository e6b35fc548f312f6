/** The driver of the TypeScript client; ../../README.md has the protocol. */

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Client, credentials, status } from "@grpc/grpc-js";
import * as library from "activity-session";
import { drive } from "./driving.js";

const { Calls, connect, createClient } = library;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    token: { type: "string" },
    ca: { type: "string" },
    certificate: { type: "string" },
    key: { type: "string" },
  },
});
const target = positionals[0]!;
const read = (path: string | undefined) => (path === undefined ? null : readFileSync(path));
const tls =
  values.ca !== undefined && credentials.createSsl(read(values.ca), read(values.key), read(values.certificate));
const connected = connect(target, { token: values.token, tls });
const bare = new Client(target, credentials.createInsecure());

await drive({ ...library, codes: status }, { connected, bare: (service) => createClient(service, new Calls(bare)) });
connected.close();
bare.close();
