/** The call as commands of a POSIX shell. A token is never an argument, where the list of processes would show it. */

import { guessedAddress, jsonOf, pathOf, type Call, type Place } from "./call.js";

/** Returns a text as one word of a shell, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Returns the call by grpcurl; ADDRESS names the server, and TOKEN the token. */
export function grpcurl(call: Call, place: Place): string {
  const plaintext = place.origin.startsWith("https:") ? "" : " -plaintext";
  const token = place.isSignedIn ? " -expand-headers -H 'authorization: Bearer ${TOKEN}'" : "";
  const address = `"\${ADDRESS:-${guessedAddress(place)}}"`;
  return `grpcurl${plaintext}${token} -d ${quoted(jsonOf(call))} \\\n  ${address} ${pathOf(call)}`;
}

/** Returns the call by curl: over Connect, or of a stream as server-sent events; TOKEN is the token. */
export function curl(call: Call, place: Place): string {
  const token = place.isSignedIn ? `printf 'Authorization: Bearer %s' "$TOKEN" | ` : "";
  const header = place.isSignedIn ? " -H @-" : "";
  return `${token}curl -sS${header} ${call.method.methodKind === "unary" ? posted(call, place) : streamed(call, place)}`;
}

function posted(call: Call, { origin }: Place): string {
  const address = quoted(`${origin}/${pathOf(call)}`);
  return `-H 'Content-Type: application/json' ${address} \\\n  -d ${quoted(jsonOf(call))}`;
}

function streamed(call: Call, { origin }: Place): string {
  const { name, ...rest } = JSON.parse(jsonOf(call)) as { name: string; [field: string]: string };
  const path = name.split("/").map(encodeURIComponent).join("/");
  const query = new URLSearchParams(rest).toString();
  return `-N ${quoted(`${origin}/v1/${path}/watch${query && `?${query}`}`)}`;
}
