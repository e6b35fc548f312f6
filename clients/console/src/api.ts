/** The server that this page is from, by the client for browsers, as whoever is signed in. */

import { signal } from "@preact/signals";
import { EventService } from "activity-session/v1/event_service";
import { InfoService } from "activity-session/v1/info_service";
import { MemoryService } from "activity-session/v1/memory_service";
import { NamespaceService } from "activity-session/v1/namespace_service";
import { ParticipantService } from "activity-session/v1/participant_service";
import { SessionService } from "activity-session/v1/session_service";
import { connect } from "activity-session/web";

const KEY = "token";

/** The token of whoever is signed in; empty for nobody. It stays in this tab, and is gone when that is closed. */
export const token = signal(sessionStorage.getItem(KEY) ?? "");
token.subscribe((value) => sessionStorage.setItem(KEY, value));

/** All calls go by this. */
export const channel = connect(location.origin, { token: () => token.value || undefined });
export const events = channel.client(EventService);
export const info = channel.client(InfoService);
export const memories = channel.client(MemoryService);
export const namespaces = channel.client(NamespaceService);
export const participants = channel.client(ParticipantService);
export const sessions = channel.client(SessionService);

/** What the server says of its console: whether it may write. Roles decide what is allowed. */
export const settings = signal({ version: "", writes: false });

/** Reads the settings; they stay as they are where there are none. */
export async function readSettings(): Promise<void> {
  const response = await fetch("/console.json");
  if (response.ok) settings.value = (await response.json()) as typeof settings.value;
}

/** Returns if a token lets somebody in; throws the server's error otherwise. */
export async function tokenHolds(given: string): Promise<void> {
  await connect(location.origin, { token: given }).client(InfoService).getServerInfo({});
}
