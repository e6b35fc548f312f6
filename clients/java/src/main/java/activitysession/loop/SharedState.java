package activitysession.loop;

import activitysession.ErrorDetails;
import activitysession.ErrorKind;
import activitysession.v1.EventServiceGrpc;
import activitysession.v1.EventServiceGrpc.EventServiceBlockingStub;
import activitysession.v1.GetStateRequest;
import activitysession.v1.StateEntry;
import activitysession.v1.StateUpdate;
import activitysession.v1.UpdateStateRequest;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The state of a session, a participant or a namespace, as JSON values by their keys, which Gson reads and writes. */
public final class SharedState {
  private final EventServiceBlockingStub events;
  private final String name;

  /** The value of a key, and its revision: null and 0 if the key is not there. */
  public static final class Value<T> {
    private final T value;
    private final long revision;

    Value(T value, long revision) {
      this.value = value;
      this.revision = revision;
    }

    /** Returns the value; null if the key is not there, or has the value null. */
    public T value() {
      return value;
    }

    /** Returns the revision; 0 if the key is not there. */
    public long revision() {
      return revision;
    }
  }

  /** The state of the session, participant or namespace with that name. */
  public SharedState(Channel channel, String name) {
    events = EventServiceGrpc.newBlockingStub(channel);
    this.name = name;
  }

  /** Returns the value of a key, as Gson makes it of that type. */
  public <T> Value<T> get(String key, Class<T> type) {
    var state = events.getState(GetStateRequest.newBuilder().setName(name).addKeys(key).build());
    StateEntry entry = state.getEntriesMap().get(key);
    return entry == null ? new Value<>(null, 0) : valueOf(entry.getValueJson(), entry.getRevision(), type);
  }

  /** Writes the value of a key, up to {@code state_value_bytes} of the server, and returns its new revision. */
  public long set(String key, Object value) {
    return write(StateUpdate.newBuilder().setKey(key).setValueJson(Append.GSON.toJson(value)));
  }

  /**
   * Writes the value of a key, and returns its new revision, if it has an expected one.
   *
   * @param expectedRevision 0 if the key must not be there. If it is another one, the error is of the kind CONFLICT, and its
   *     {@link ErrorDetails#missed} has the revision, and the value if that is short
   */
  public long set(String key, Object value, long expectedRevision) {
    return write(StateUpdate.newBuilder()
        .setKey(key).setValueJson(Append.GSON.toJson(value)).setExpectedRevision(expectedRevision));
  }

  /**
   * Writes what a function makes of the value of a key, and returns that with its revision. When somebody else has written
   * meanwhile, the function is called again with what they have written, as often as it takes. It is given null if the key
   * is not there.
   */
  public <T> Value<T> update(String key, Class<T> type, UnaryOperator<T> change) {
    Value<T> current = get(key, type);
    while (true) {
      T value = change.apply(current.value());
      try {
        return new Value<>(value, set(key, value, current.revision()));
      } catch (StatusRuntimeException e) {
        if (!Refusals.is(e, ErrorKind.CONFLICT)) {
          throw e;
        }
        current = told(e, type).orElseGet(() -> get(key, type));
      }
    }
  }

  private long write(StateUpdate.Builder update) {
    var request = UpdateStateRequest.newBuilder().setName(name).addUpdates(update).build();
    return events.updateState(request).getEntriesOrThrow(update.getKey()).getRevision();
  }

  /** Returns what is there now, if the error tells the value; a long one is left out of it. */
  private static <T> Optional<Value<T>> told(StatusRuntimeException refused, Class<T> type) {
    return ErrorDetails.from(refused).missed().getStateConflictsList().stream()
        .filter(each -> each.hasValueJson() || each.getRevision() == 0)
        .findFirst()
        .map(each -> each.hasValueJson()
            ? valueOf(each.getValueJson(), each.getRevision(), type)
            : new Value<T>(null, 0));
  }

  private static <T> Value<T> valueOf(String json, long revision, Class<T> type) {
    return new Value<>(Append.GSON.fromJson(json, type), revision);
  }
}
