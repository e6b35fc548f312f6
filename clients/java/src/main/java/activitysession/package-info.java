/**
 * The client of Activity Session, the session service for multi-party agent systems.
 *
 * <p>{@link activitysession.ActivitySession} makes channels for the stubs in {@code activitysession.v1}, on which calls
 * are retried where that is safe, and watches that survive disconnects. {@link activitysession.ErrorDetails} reads the
 * error of a failed call. {@code activitysession.loop} has what every program does with them.
 */
package activitysession;
