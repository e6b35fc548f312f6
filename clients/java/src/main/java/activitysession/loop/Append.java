package activitysession.loop;

import activitysession.v1.Event;
import activitysession.v1.EventServiceGrpc;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.grpc.Channel;

/**
 * Appends one event. It has an id, made once and kept over all retries, so that it is appended once. Errors of the kinds
 * TURN_LOST: the turn of the token is over; ALREADY_EXISTS: the session has an event with that id and other content;
 * DELETED: the session is deleted.
 */
public final class Append {
  static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  private Append() {}

  /** Appends a text as a message, and returns the event with its number. */
  public static Event text(Channel channel, String session, String author, String text) {
    return text(channel, session, author, text, new EventOptions());
  }

  /**
   * Appends a text, and returns the event with its number.
   *
   * @param author the name of the participant that it is from; empty for none
   */
  public static Event text(Channel channel, String session, String author, String text, EventOptions options) {
    return append(channel, session, Event.newBuilder().setAuthor(author).setText(text), options);
  }

  /** Appends a value as JSON, as Gson makes it, of the media type {@code application/json}. */
  public static Event json(Channel channel, String session, String author, Object value) {
    return json(channel, session, author, value, new EventOptions());
  }

  /** Appends a value as JSON, as Gson makes it, of the media type {@code application/json}. */
  public static Event json(Channel channel, String session, String author, Object value, EventOptions options) {
    var event = Event.newBuilder().setAuthor(author).setText(GSON.toJson(value)).setMediaType("application/json");
    return append(channel, session, event, options);
  }

  private static Event append(Channel channel, String session, Event.Builder event, EventOptions options) {
    var events = EventServiceGrpc.newBlockingStub(channel);
    return events.appendEvents(options.request(session, event)).getEvents(0);
  }
}
