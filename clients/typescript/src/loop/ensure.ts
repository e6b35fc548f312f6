import type { Connection } from "../caller.js";
import type { Participant, ParticipantType } from "../gen/activity_session/v1/participant_pb.js";
import { ParticipantService } from "../gen/activity_session/v1/participant_service_pb.js";
import type { Session } from "../gen/activity_session/v1/session_pb.js";
import { SessionService } from "../gen/activity_session/v1/session_service_pb.js";

/**
 * Returns the participant with an id, which is created if there is none. One that exists is returned as it is, also if
 * it is of another type, or disabled.
 *
 * @param parent the namespace, such as `namespaces/default`.
 * @throws {ActivitySessionError} of the kind `Deleted` if it was deleted; undelete it first.
 */
export async function ensureParticipant(
  channel: Connection,
  parent: string,
  participantId: string,
  participantType: ParticipantType,
): Promise<Participant> {
  const participants = channel.client(ParticipantService);
  const { participant } = await participants.ensureParticipant({
    parent,
    participantId,
    participant: { participantType },
  });
  return participant!;
}

/**
 * Returns the session with an id, which is created if there is none. Its members are those that it has already and the
 * participants, given by their names.
 *
 * @param parent the namespace, such as `namespaces/default`.
 * @param options what a new one has.
 * @throws {ActivitySessionError} of the kind `Deleted` if it was deleted, or has expired; `NotFound` if there is no such
 *   namespace or participant.
 */
export async function ensureSession(
  channel: Connection,
  parent: string,
  sessionId: string,
  participants: readonly string[] = [],
  options: { description?: string; labels?: Record<string, string> } = {},
): Promise<Session> {
  const members = participants.map((participant) => ({ participant }));
  const sessions = channel.client(SessionService);
  const { session } = await sessions.ensureSession({ parent, sessionId, session: { ...options, participants: members } });
  return session!;
}
