/** What is in a server before a page is opened: written by the client of Node.js. */

import { after } from "node:test";
import { connect, type ConnectOptions } from "activity-session";
import { EventService } from "activity-session/v1/event_service";
import { MemoryService } from "activity-session/v1/memory_service";
import { NamespaceService } from "activity-session/v1/namespace_service";
import { ParticipantType } from "activity-session/v1/participant";
import { ParticipantService } from "activity-session/v1/participant_service";
import { SessionService } from "activity-session/v1/session_service";
import type { Server } from "./servers.js";

export type Clients = ReturnType<typeof clients>;

/** Returns typed clients of a server. */
export function clients(server: Server, options: ConnectOptions = {}) {
  const channel = connect(server.address, options);
  after(() => channel.close());
  return {
    events: channel.client(EventService),
    memories: channel.client(MemoryService),
    namespaces: channel.client(NamespaceService),
    participants: channel.client(ParticipantService),
    sessions: channel.client(SessionService),
  };
}

let made = 0;

/** Makes a namespace, by default one that no other test uses, and returns its name. */
export async function newNamespace(
  { namespaces }: Clients,
  description = "",
  namespaceId = `n${process.pid}-${++made}`,
): Promise<string> {
  await namespaces.createNamespace({ namespaceId, namespace: { description } });
  return `namespaces/${namespaceId}`;
}

/** Makes participants, of which the ids that end with "-agent" are agents, and returns their names. */
export async function ensureParticipants(
  { participants }: Clients,
  parent: string,
  ...ids: string[]
): Promise<string[]> {
  const type = (id: string) => (id.endsWith("-agent") ? ParticipantType.AGENT : ParticipantType.USER);
  const ensure = (id: string) =>
    participants.ensureParticipant({ parent, participantId: id, participant: { participantType: type(id) } });
  await Promise.all(ids.map(ensure));
  return ids.map((id) => `${parent}/participants/${id}`);
}

/** Appends messages to a session, by whoever is named before each colon: `say(clients, session, "ada: hello")`. */
export async function say({ events }: Clients, session: string, ...lines: string[]): Promise<void> {
  const parent = session.split("/sessions/")[0];
  const event = (line: string) => {
    const [author, value = ""] = line.split(/: (.*)/s);
    return { author: `${parent}/participants/${author}`, type: "message", content: { case: "text" as const, value } };
  };
  for (let at = 0; at < lines.length; at += 100) {
    await events.appendEvents({ parent: session, events: lines.slice(at, at + 100).map(event) });
  }
}
