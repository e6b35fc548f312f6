/**
 * The everyday loop: who takes part ({@link activitysession.loop.Ensure}), turns ({@link activitysession.loop.Turn}),
 * following ({@link activitysession.loop.Follow}), appending ({@link activitysession.loop.Append}) and shared state
 * ({@link activitysession.loop.SharedState}). Each is a few calls of the stubs, on a channel that {@link
 * activitysession.ActivitySession} has made; they throw {@link io.grpc.StatusRuntimeException}, which {@link
 * activitysession.ErrorDetails} reads.
 */
package activitysession.loop;
