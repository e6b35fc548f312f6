import activitysession.ActivitySession;
import activitysession.ConnectOptions;
import activitysession.ErrorDetails;
import activitysession.Watch;
import activitysession.v1.EventServiceGrpc;
import activitysession.v1.InfoServiceGrpc;
import activitysession.v1.MemoryServiceGrpc;
import activitysession.v1.NamespaceServiceGrpc;
import activitysession.v1.ParticipantServiceGrpc;
import activitysession.v1.SessionServiceGrpc;
import activitysession.v1.SessionView;
import activitysession.v1.WatchSessionRequest;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest.FieldViolation;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The driver of the Java client; ../README.md has the protocol. */
public final class Driver {
  private static final Map<String, Function<Channel, AbstractStub<?>>> STUBS = Map.of(
      "EventService", EventServiceGrpc::newStub,
      "InfoService", InfoServiceGrpc::newStub,
      "MemoryService", MemoryServiceGrpc::newStub,
      "NamespaceService", NamespaceServiceGrpc::newStub,
      "ParticipantService", ParticipantServiceGrpc::newStub,
      "SessionService", SessionServiceGrpc::newStub);
  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer().preservingProtoFieldNames().omittingInsignificantWhitespace();
  private static final Gson GSON = new GsonBuilder().serializeNulls().create();
  private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  private final Map<String, ManagedChannel> channels;
  private final Map<Long, Runnable> cancels = new ConcurrentHashMap<>();
  private final Phaser running = new Phaser(1);

  private Driver(Map<String, ManagedChannel> channels) {
    this.channels = channels;
  }

  public static void main(String[] args) throws IOException {
    Driver driver = new Driver(Map.of(
        "connected", ActivitySession.connect(args[0], options(args)),
        "bare", Grpc.newChannelBuilder(args[0], InsecureChannelCredentials.create()).build()));
    OUT.println("{\"ready\": true}");
    driver.run(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)));
  }

  private static ConnectOptions options(String[] args) throws IOException {
    Map<String, String> given = new HashMap<>();
    for (int i = 1; i < args.length; i += 2) {
      given.put(args[i], args[i + 1]);
    }
    ConnectOptions options = new ConnectOptions();
    if (given.containsKey("--token")) {
      options.token(given.get("--token"));
    }
    if (given.containsKey("--ca")) {
      TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder().trustManager(new File(given.get("--ca")));
      if (given.containsKey("--certificate")) {
        tls.keyManager(new File(given.get("--certificate")), new File(given.get("--key")));
      }
      options.tls(tls.build());
    }
    return options;
  }

  private void run(BufferedReader commands) throws IOException {
    String line;
    while ((line = commands.readLine()) != null) {
      JsonObject command = JsonParser.parseString(line).getAsJsonObject();
      if (command.has("cancel")) {
        cancels.getOrDefault(command.get("cancel").getAsLong(), () -> {}).run();
      } else {
        begin(new Answers(command.get("id").getAsLong()), command);
      }
    }
    cancels.values().forEach(Runnable::run);
    running.arriveAndAwaitAdvance();
    channels.values().forEach(ManagedChannel::shutdownNow);
  }

  private void begin(Answers answers, JsonObject command) {
    if (command.has("watch")) {
      watch(answers, command);
      return;
    }
    if (command.has("loop")) {
      new Thread(() -> loop(answers, command)).start();
      return;
    }
    try {
      call(answers, command);
    } catch (InvalidProtocolBufferException e) {
      answers.invalid(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private void call(Answers answers, JsonObject command)
      throws InvalidProtocolBufferException, ReflectiveOperationException {
    String[] path = command.get("method").getAsString().split("/");
    String channel = command.has("channel") ? command.get("channel").getAsString() : "connected";
    AbstractStub<?> stub = STUBS.get(path[0]).apply(channels.get(channel));
    if (command.has("timeout")) {
      long millis = Math.round(command.get("timeout").getAsDouble() * 1000);
      stub = stub.withDeadlineAfter(millis, TimeUnit.MILLISECONDS);
    }
    String name = path[1].substring(0, 1).toLowerCase() + path[1].substring(1);
    Method method = Arrays.stream(stub.getClass().getMethods())
        .filter(each -> each.getName().equals(name)).findFirst().orElseThrow();
    method.invoke(stub, request(method.getParameterTypes()[0], command.get("request").toString()), answers);
  }

  private static Message request(Class<?> type, String json)
      throws InvalidProtocolBufferException, ReflectiveOperationException {
    Message.Builder builder = (Message.Builder) type.getMethod("newBuilder").invoke(null);
    JsonFormat.parser().merge(json, builder);
    return builder.build();
  }

  private void watch(Answers answers, JsonObject command) {
    Watch watch = watch(command);
    if (command.has("disconnects")) {
      watch.onDisconnect(answers.telling(command.get("disconnects").getAsInt()));
    }
    answers.cancelledBy(watch::close);
    new Thread(() -> {
      try {
        watch.forEachRemaining(message -> answers.onNext(message, watch.uid()));
        answers.onCompleted();
      } catch (StatusRuntimeException e) {
        answers.onError(e);
      }
    }).start();
  }

  private void loop(Answers answers, JsonObject command) {
    var context = Context.current().withCancellation();
    answers.cancelledBy(() -> context.cancel(null));
    try {
      context.run(() -> new Loop(channels.get("connected"), command, answers::line).run());
      answers.onCompleted();
    } catch (StatusRuntimeException e) {
      answers.onError(e);
    }
  }

  private Watch watch(JsonObject command) {
    long after = command.has("after_sequence") ? command.get("after_sequence").getAsLong() : 0;
    Channel channel = channels.get("connected");
    String session = command.get("watch").getAsString();
    if (command.has("show_superseded")) {
      return ActivitySession.watch(channel, WatchSessionRequest.newBuilder()
          .setName(session)
          .setAfterSequence(after)
          .setView(view(command))
          .setUid(uid(command))
          .setShowSuperseded(command.get("show_superseded").getAsBoolean())
          .build());
    }
    return command.has("view") || command.has("uid")
        ? ActivitySession.watch(channel, session, after, view(command), uid(command))
        : ActivitySession.watch(channel, session, after);
  }

  private static SessionView view(JsonObject command) {
    return command.has("view")
        ? SessionView.valueOf(command.get("view").getAsString())
        : SessionView.SESSION_VIEW_UNSPECIFIED;
  }

  private static String uid(JsonObject command) {
    return command.has("uid") ? command.get("uid").getAsString() : "";
  }

  private static synchronized void write(Map<String, ?> line) {
    OUT.println(GSON.toJson(line));
  }

  private static Map<String, ?> described(Throwable error) {
    ErrorDetails details = ErrorDetails.from(error);
    return Map.of(
        "status", details.code().name(),
        "error", details.message(),
        "reason", details.reason().name().replaceFirst("ERROR_REASON_(UNSPECIFIED)?", ""),
        "kind", Loop.kindOf(details),
        "metadata", details.metadata(),
        "fields", details.fieldViolations().stream().map(FieldViolation::getField).collect(Collectors.toList()),
        "whole", Map.of("code", details.status().getCode(), "message", details.status().getMessage()));
  }

  static JsonElement json(Message message) {
    try {
      return JsonParser.parseString(PRINTER.print(message));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Writes the messages for one command, and can cancel it. */
  private final class Answers implements ClientResponseObserver<Message, Message> {
    private final long id;

    Answers(long id) {
      this.id = id;
      running.register();
    }

    void cancelledBy(Runnable cancel) {
      cancels.put(id, cancel);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<Message> call) {
      cancelledBy(() -> call.cancel("as told", null));
    }

    @Override
    public void onNext(Message message) {
      write(Map.of("id", id, "message", json(message)));
    }

    void line(Map<String, ?> shown) {
      Map<String, Object> line = new HashMap<>(shown);
      line.put("id", id);
      write(line);
    }

    void onNext(Message message, String uid) {
      write(Map.of("id", id, "message", json(message), "uid", uid));
    }

    /** Returns what a watch calls at each disconnect. */
    Consumer<StatusRuntimeException> telling(int most) {
      AtomicInteger count = new AtomicInteger();
      return error -> {
        write(Map.of("id", id, "disconnect", described(error)));
        if (count.incrementAndGet() == most) {
          throw error;
        }
      };
    }

    @Override
    public void onCompleted() {
      end(Map.of("id", id, "status", "OK"));
    }

    @Override
    public void onError(Throwable error) {
      Map<String, Object> line = new HashMap<>(described(error));
      line.put("id", id);
      end(line);
    }

    void invalid(InvalidProtocolBufferException error) {
      end(Map.of("id", id, "status", "INVALID_JSON", "error", error.getMessage()));
    }

    private void end(Map<String, ?> line) {
      write(line);
      cancels.remove(id);
      running.arriveAndDeregister();
    }
  }
}
