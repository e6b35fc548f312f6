package activitysession;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.Gson;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The table that the clients of all languages are tested with. */
class NamesTest {
  private static final List<String> ILL_FORMED = List.of("\ud83d", "a\udc00/".repeat(300));

  private static Table table;

  private static final class Table {
    List<Row> escaped;
    List<String> of_no_text;
    List<Map<String, String>> names;
    List<String> no_names;
  }

  private static final class Row {
    String text;
    String id;
    Map<String, String> labels;
  }

  @BeforeAll
  static void read() throws Exception {
    try (Reader file = Files.newBufferedReader(Path.of("../../tests/clients/names.json"))) {
      table = new Gson().fromJson(file, Table.class);
    }
    assertFalse(table.escaped.isEmpty() || table.of_no_text.isEmpty());
    assertFalse(table.names.isEmpty() || table.no_names.isEmpty());
  }

  @Test
  void aTextHasTheIdAndTheLabelsOfTheTable() {
    for (Row row : table.escaped) {
      assertEquals(row.id, Names.escape(row.text));
      assertEquals(row.labels, Names.labels(row.text));
      boolean isTold = !row.id.contains("~~") || !row.labels.isEmpty();
      assertEquals(isTold ? Optional.of(row.text) : Optional.empty(), Names.unescape(row.id, row.labels));
    }
  }

  @Test
  void anIdThatNoTextHasGivesNone() {
    for (List<String> ids : List.of(table.of_no_text, ILL_FORMED)) {
      for (String id : ids) {
        assertEquals(Optional.empty(), Names.unescape(id));
        assertEquals(Optional.empty(), Names.unescape(id, Names.labels("/".repeat(100))));
        assertEquals(Optional.empty(), Names.unescape(id, Map.of("original_id.1", "\ud83d")));
      }
    }
  }

  @Test
  void whatIsNoTextIsRefused() {
    for (String text : ILL_FORMED) {
      assertThrows(IllegalArgumentException.class, () -> Names.escape(text));
      assertThrows(IllegalArgumentException.class, () -> Names.labels(text));
    }
  }

  @Test
  void aNameIsMadeOfItsIdsAndTakenApartAgain() {
    for (Map<String, String> row : table.names) {
      Map<String, String> ids = Names.parse(row.get("name"));
      assertEquals(row.get("name"), made(ids));
      row.remove("name");
      assertEquals(row, ids);
    }
  }

  @Test
  void whatIsNoNameIsRefused() {
    for (String name : table.no_names) {
      assertThrows(IllegalArgumentException.class, () -> Names.parse(name));
    }
  }

  private static String made(Map<String, String> ids) {
    String namespace = ids.get("namespace");
    String session = ids.get("session");
    if (ids.containsKey("participant")) {
      return Names.participant(namespace, ids.get("participant"));
    }
    if (ids.containsKey("event")) {
      return Names.event(namespace, session, ids.get("event"));
    }
    if (ids.containsKey("memory")) {
      return Names.memory(namespace, session, ids.get("memory"));
    }
    return session == null ? Names.namespace(namespace) : Names.session(namespace, session);
  }
}
