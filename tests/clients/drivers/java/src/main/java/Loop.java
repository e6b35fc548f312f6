import activitysession.ErrorDetails;
import activitysession.ErrorKind;
import activitysession.loop.Append;
import activitysession.loop.Ensure;
import activitysession.loop.EventOptions;
import activitysession.loop.Follow;
import activitysession.loop.SharedState;
import activitysession.loop.SharedState.Value;
import activitysession.loop.Turn;
import activitysession.v1.ParticipantType;
import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.protobuf.Message;
import io.grpc.Channel;
import io.grpc.Context;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** A command of the everyday loop, as ../README.md has them; it ends when its context is cancelled. */
final class Loop {
  private final Channel channel;
  private final JsonObject command;
  private final Consumer<Map<String, ?>> write;

  Loop(Channel channel, JsonObject command, Consumer<Map<String, ?>> write) {
    this.channel = channel;
    this.command = command;
    this.write = write;
  }

  /** Returns the kind as the other languages write it: {@code TURN_LOST} is {@code TurnLost}. */
  static String kindOf(ErrorDetails details) {
    return details.kind() == ErrorKind.OTHER ? "" : Arrays.stream(details.kind().name().split("_"))
        .map(word -> word.charAt(0) + word.substring(1).toLowerCase())
        .collect(Collectors.joining());
  }

  void run() {
    switch (text("loop")) {
      case "turn":
        turn();
        break;
      case "follow":
        follow();
        break;
      case "ensure_participant":
        var type = ParticipantType.valueOf(text("type"));
        show(Ensure.participant(channel, text("parent"), text("participant_id"), type));
        break;
      case "ensure_session":
        String[] participants = new Gson().fromJson(command.get("participants"), String[].class);
        show(Ensure.session(channel, text("parent"), text("session_id"), participants));
        break;
      case "append_text":
        show(Append.text(channel, text("session"), text("author"), text("text"), options()));
        break;
      case "append_json":
        show(Append.json(channel, text("session"), text("author"), command.get("value"), options()));
        break;
      default:
        state(new SharedState(channel, text("name")));
    }
  }

  private EventOptions options() {
    var options = new EventOptions();
    if (command.has("type")) {
      options.type(text("type"));
    }
    if (command.has("event_id")) {
      options.eventId(text("event_id"));
    }
    return command.has("turn_token") ? options.turnToken(command.get("turn_token").getAsLong()) : options;
  }

  private void turn() {
    try (Turn turn = take()) {
      write.accept(Map.of("token", turn.token()));
      if (command.has("text")) {
        show(turn.appendText(text("text")));
      }
      var ended = new CountDownLatch(1);
      turn.lost().thenRun(ended::countDown);
      Context.current().addListener(context -> ended.countDown(), Runnable::run);
      ended.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Turn take() {
    Duration ttl = seconds("ttl");
    return command.has("timeout")
        ? Turn.take(channel, text("session"), text("participant"), ttl, seconds("timeout"))
        : Turn.take(channel, text("session"), text("participant"), ttl);
  }

  private void follow() {
    try (var events = new Follow(channel, text("session"), text("participant"))) {
      events.onMark(mark -> write.accept(Map.of("mark", Driver.json(mark))));
      if (command.has("skip_own")) {
        events.skipOwn();
      }
      for (var event : events) {
        show(event);
        if (command.has("leave_at") && command.get("leave_at").getAsLong() == event.getSequence()) {
          return;
        }
      }
    }
  }

  private void state(SharedState state) {
    String key = text("key");
    JsonElement value = command.get("value");
    if (text("loop").equals("set")) {
      long revision = command.has("expected_revision")
          ? state.set(key, value, command.get("expected_revision").getAsLong())
          : state.set(key, value);
      write.accept(Map.of("revision", revision));
      return;
    }
    Value<? extends JsonElement> got = text("loop").equals("get")
        ? state.get(key, JsonElement.class)
        : state.update(key, JsonArray.class, items -> pushed(items, value));
    JsonElement shown = got.value() == null ? JsonNull.INSTANCE : got.value();
    write.accept(Map.of("value", shown, "revision", got.revision()));
  }

  private static JsonArray pushed(JsonArray items, JsonElement value) {
    JsonArray pushed = items == null ? new JsonArray() : items.deepCopy();
    pushed.add(value);
    return pushed;
  }

  private void show(Message message) {
    write.accept(Map.of("message", Driver.json(message)));
  }

  private String text(String name) {
    return command.get(name).getAsString();
  }

  private Duration seconds(String name) {
    return Duration.ofMillis(Math.round(command.get(name).getAsDouble() * 1000));
  }
}
