package activitysession

import (
	"context"

	"google.golang.org/grpc"

	v1 "activity-session/clients/go/activity_session/v1"
)

// EnsureParticipant returns the participant with an id, which is created if there is none, in a namespace such as
// "namespaces/default". One that exists is returned as it is, also if it is of another type, or disabled; one that was
// deleted is an error, [ErrDeleted].
func EnsureParticipant(
	ctx context.Context, conn grpc.ClientConnInterface, parent, participantID string, participantType v1.ParticipantType,
) (*v1.Participant, error) {
	ensured, err := v1.NewParticipantServiceClient(conn).EnsureParticipant(ctx, &v1.EnsureParticipantRequest{
		Parent: parent, ParticipantId: participantID, Participant: &v1.Participant{ParticipantType: participantType},
	})
	return ensured.GetParticipant(), err
}

// EnsureSession returns the session with an id, which is created if there is none, in a namespace such as
// "namespaces/default". Its members are those that it has already and the participants, given by their names. One that was
// deleted, or has expired, is an error, [ErrDeleted].
func EnsureSession(
	ctx context.Context, conn grpc.ClientConnInterface, parent, sessionID string, participants ...string,
) (*v1.Session, error) {
	session := &v1.Session{}
	for _, name := range participants {
		session.Participants = append(session.Participants, &v1.SessionParticipant{Participant: name})
	}
	ensured, err := v1.NewSessionServiceClient(conn).EnsureSession(ctx, &v1.EnsureSessionRequest{
		Parent: parent, SessionId: sessionID, Session: session,
	})
	return ensured.GetSession(), err
}
