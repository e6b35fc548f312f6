// Package activitysession is the client of Activity Session, the session service for multi-party agent systems.
// [Connect] returns a connection for the generated stubs, which are in activity_session/v1. Calls on it are retried
// where that is safe, and fail with an [Error]. [Watch] follows a session through any number of disconnects.
//
// For what every program does there are helpers over these: [EnsureParticipant] and [EnsureSession], [TakeTurn], [Follow],
// [AppendText] and [AppendJSON], and [SharedState].
package activitysession
