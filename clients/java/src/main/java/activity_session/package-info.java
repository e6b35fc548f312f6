/**
 * The client of Activity Session, the session service for multi-party agent systems.
 *
 * <p>{@link activity_session.ActivitySession} makes channels for the stubs in {@code activity_session.v1}, on which
 * calls are made again where that is safe, and watches that survive disconnects. {@link activity_session.ErrorDetails}
 * is what a failed call tells.
 */
package activity_session;
