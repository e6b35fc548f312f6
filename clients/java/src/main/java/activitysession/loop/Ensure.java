package activitysession.loop;

import activitysession.v1.EnsureParticipantRequest;
import activitysession.v1.EnsureSessionRequest;
import activitysession.v1.Participant;
import activitysession.v1.ParticipantServiceGrpc;
import activitysession.v1.ParticipantType;
import activitysession.v1.Session;
import activitysession.v1.SessionParticipant;
import activitysession.v1.SessionServiceGrpc;
import io.grpc.Channel;

/** Who takes part, and in what: created if it is not there. */
public final class Ensure {
  private Ensure() {}

  /**
   * Returns the participant with an id, which is created if there is none. One that exists is returned as it is, also if it
   * is of another type, or disabled; one that was deleted is an error of the kind DELETED.
   *
   * @param parent the namespace, such as {@code namespaces/default}
   */
  public static Participant participant(Channel channel, String parent, String participantId, ParticipantType type) {
    var request = EnsureParticipantRequest.newBuilder()
        .setParent(parent)
        .setParticipantId(participantId)
        .setParticipant(Participant.newBuilder().setParticipantType(type));
    return ParticipantServiceGrpc.newBlockingStub(channel).ensureParticipant(request.build()).getParticipant();
  }

  /**
   * Returns the session with an id, which is created if there is none. Its members are those that it has already and the
   * participants, given by their names. One that was deleted, or has expired, is an error of the kind DELETED.
   *
   * @param parent the namespace, such as {@code namespaces/default}
   */
  public static Session session(Channel channel, String parent, String sessionId, String... participants) {
    var session = Session.newBuilder();
    for (String name : participants) {
      session.addParticipants(SessionParticipant.newBuilder().setParticipant(name));
    }
    var request = EnsureSessionRequest.newBuilder().setParent(parent).setSessionId(sessionId).setSession(session);
    return SessionServiceGrpc.newBlockingStub(channel).ensureSession(request.build()).getSession();
  }
}
