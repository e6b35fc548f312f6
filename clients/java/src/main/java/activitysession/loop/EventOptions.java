package activitysession.loop;

import activitysession.v1.AppendEventsRequest;
import activitysession.v1.Event;
import java.util.UUID;

/** What an event may have besides its author and content, and when it is appended. */
public final class EventOptions {
  private String type = "message";
  private String eventId = "";
  private long turnToken;

  /** Says what kind of event it is, at most 255 characters; {@code message} otherwise. */
  public EventOptions type(String type) {
    this.type = type;
    return this;
  }

  /**
   * Gives it an id of your own, such as that of what the event is about: a program that appends it again after a restart
   * gets the event that is there.
   */
  public EventOptions eventId(String eventId) {
    this.eventId = eventId;
    return this;
  }

  /** Appends only while the turn with this token is held. */
  public EventOptions turnToken(long token) {
    turnToken = token;
    return this;
  }

  /** Returns the same with another token, and leaves these as they are. */
  EventOptions in(long token) {
    return new EventOptions().type(type).eventId(eventId).turnToken(token);
  }

  AppendEventsRequest request(String session, Event.Builder event) {
    event.setType(type).setEventId(eventId.isEmpty() ? UUID.randomUUID().toString() : eventId);
    return AppendEventsRequest.newBuilder().setParent(session).addEvents(event).setTurnToken(turnToken).build();
  }
}
