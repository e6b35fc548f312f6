package activitysession;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The service config that all clients share. */
final class ServiceConfig {
  private ServiceConfig() {}

  /** Returns the config in the form that gRPC expects, with each number as a Double. */
  static Map<String, ?> read() {
    TypeToken<Map<String, ?>> type = new TypeToken<>() {};
    var file = ServiceConfig.class.getResourceAsStream("service_config.json");
    try (Reader reader = new InputStreamReader(file, StandardCharsets.UTF_8)) {
      return new Gson().fromJson(reader, type);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
