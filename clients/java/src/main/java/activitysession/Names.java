package activitysession;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.Normalizer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes the names of resources, and takes them apart; makes ids of any text. */
public final class Names {
  /** Begins the keys of the labels that keep the text of a folded id: original_id.1, original_id.2 and so on. */
  public static final String LABEL = "original_id";

  private static final int ID_CHARACTERS = 255;
  private static final int LABEL_CHARACTERS = 255;
  private static final int MOST_LABELS = 16;
  private static final int BEGINNING_CHARACTERS = 189; // two tildes and 64 hex digits follow
  private static final String FOLD = "~~";
  private static final Set<String> ALL_ESCAPED = Set.of("-", ".", "..");
  private static final String WHITE_SPACE =
      "[ \\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
  private static final Pattern FORBIDDEN =
      Pattern.compile("[\\x00-\\x1f\\x7f-\\x9f/~]|\\A" + WHITE_SPACE + "|" + WHITE_SPACE + "\\z");
  private static final Pattern BEYOND_ASCII = Pattern.compile("[^\\x00-\\x7f]");
  private static final Pattern ESCAPES = Pattern.compile("(?:~[0-9A-F]{2})+");
  private static final Pattern CUT_ESCAPE = Pattern.compile("~[0-9A-F]?\\z");
  private static final Pattern NAME = Pattern.compile("namespaces/(?<namespace>[^/]+)(?:"
      + "/participants/(?<participant>[^/]+)"
      + "|/sessions/(?<session>[^/]+)(?:/events/(?<event>[^/]+)|/memories/(?<memory>[^/]+))?)?");

  private Names() {}

  /**
   * Returns the id that stands for a text: the text itself, if it can be an id and has no tilde. Clients in all
   * languages make the same id of a text.
   *
   * <p>A text of any length has an id. Where that would be longer than 255 characters, it is folded: it ends with the
   * SHA-256 of the text, which {@link #labels} can keep.
   *
   * @throws IllegalArgumentException if the text has half of a surrogate pair, so that it is none
   */
  public static String escape(String text) {
    String whole = escaped(text);
    if (length(whole) <= ID_CHARACTERS) {
      return whole;
    }
    String beginning = whole.substring(0, whole.offsetByCodePoints(0, BEGINNING_CHARACTERS));
    return CUT_ESCAPE.matcher(beginning).replaceFirst("") + FOLD + sha256(text);
  }

  /** Returns what {@link #unescape(String, Map)} returns without labels. */
  public static Optional<String> unescape(String id) {
    return unescape(id, Map.of());
  }

  /**
   * Returns the text that {@link #escape} has made an id of.
   *
   * @param labels those of the session or event that has the id; they tell the text of a folded id, and no other
   * @return nothing if the id is folded and the labels do not tell its text, or if {@code escape} makes this id of no
   *     text
   */
  public static Optional<String> unescape(String id, Map<String, String> labels) {
    String whole = id.contains(FOLD) ? joined(labels) : id;
    String text = whole.equals("~") ? "" : ESCAPES.matcher(whole).replaceAll(Names::unescaped);
    return !IllFormedTexts.isIllFormed(text) && escape(text).equals(id) ? Optional.of(text) : Optional.empty();
  }

  /**
   * Returns the labels that tell the text of a folded id: at most 16, each of at most 255 characters.
   *
   * <p>It returns none if the id of the text is not folded, and none either if its escape has more than 4,080
   * characters, which 16 labels cannot hold: whoever needs the text of such an id keeps it elsewhere.
   *
   * @throws IllegalArgumentException if the text has half of a surrogate pair, so that it is none
   */
  public static Map<String, String> labels(String text) {
    String whole = escaped(text);
    if (length(whole) <= ID_CHARACTERS || length(whole) > MOST_LABELS * LABEL_CHARACTERS) {
      return Map.of();
    }
    Map<String, String> labels = new LinkedHashMap<>();
    for (int start = 0; start < whole.length(); ) {
      int rest = Math.min(LABEL_CHARACTERS, whole.codePointCount(start, whole.length()));
      int end = whole.offsetByCodePoints(start, rest);
      labels.put(labelKey(labels.size() + 1), whole.substring(start, end));
      start = end;
    }
    return labels;
  }

  /**
   * Takes a name apart: returns the ids in it, not unescaped, by {@code namespace}, {@code participant}, {@code
   * session}, {@code event} and {@code memory}; those that it does not have are left out.
   *
   * @throws IllegalArgumentException if it is not the name of a resource
   */
  public static Map<String, String> parse(String name) {
    var match = NAME.matcher(name);
    if (!match.matches()) {
      throw new IllegalArgumentException("\"" + name + "\" is not the name of a resource");
    }
    Map<String, String> ids = new LinkedHashMap<>();
    for (String kind : new String[] {"namespace", "participant", "session", "event", "memory"}) {
      if (match.group(kind) != null) {
        ids.put(kind, match.group(kind));
      }
    }
    return ids;
  }

  /** Returns the name of the namespace with that id. */
  public static String namespace(String namespace) {
    return "namespaces/" + namespace;
  }

  /** Returns the name of a participant from ids, which are taken as they are. */
  public static String participant(String namespace, String participant) {
    return namespace(namespace) + "/participants/" + participant;
  }

  /** Returns the name of a session from ids, which are taken as they are. */
  public static String session(String namespace, String session) {
    return namespace(namespace) + "/sessions/" + session;
  }

  /** Returns the name of an event from ids, which are taken as they are. */
  public static String event(String namespace, String session, String event) {
    return session(namespace, session) + "/events/" + event;
  }

  /** Returns the name of a memory from ids, which are taken as they are. */
  public static String memory(String namespace, String session, String memory) {
    return session(namespace, session) + "/memories/" + memory;
  }

  /** Returns the escape of a text, of any length. */
  private static String escaped(String text) {
    if (IllFormedTexts.isIllFormed(text)) {
      throw new IllegalArgumentException("a text with half of a surrogate pair has no id");
    }
    if (text.isEmpty()) {
      return "~";
    }
    if (ALL_ESCAPED.contains(text)) {
      return bytesOf(text);
    }
    String once = FORBIDDEN.matcher(text).replaceAll(match -> bytesOf(match.group()));
    // What stands around an escaped character can be in another form than NFC by itself, or compose with a hex digit.
    return Normalizer.isNormalized(once, Normalizer.Form.NFC)
        ? once
        : BEYOND_ASCII.matcher(once).replaceAll(match -> bytesOf(match.group()));
  }

  private static String bytesOf(String characters) {
    StringBuilder escape = new StringBuilder();
    for (byte each : characters.getBytes(StandardCharsets.UTF_8)) {
      escape.append(String.format("~%02X", each));
    }
    return escape.toString();
  }

  private static String unescaped(MatchResult escapes) {
    String[] digits = escapes.group().substring(1).split("~");
    byte[] bytes = new byte[digits.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) Integer.parseInt(digits[i], 16);
    }
    return Matcher.quoteReplacement(new String(bytes, StandardCharsets.UTF_8));
  }

  private static String joined(Map<String, String> labels) {
    StringBuilder whole = new StringBuilder();
    for (int n = 1; n <= MOST_LABELS; n++) {
      whole.append(labels.getOrDefault(labelKey(n), ""));
    }
    return whole.toString();
  }

  private static String labelKey(int n) {
    return LABEL + "." + n;
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  private static String sha256(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return String.format("%064x", new BigInteger(1, digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // each Java has it
    }
  }
}
