package activitysession;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.MapEntry;
import com.google.protobuf.Message;
import java.util.List;
import java.util.Map;

/** Finds text that UTF-8 cannot encode: a surrogate without its other half. */
final class IllFormedTexts {
  private IllFormedTexts() {}

  /** Returns the path of the first such text in a message, or of the map that has it as a key; null if there is none. */
  static String in(Message message) {
    return inMessage(message, "");
  }

  private static String inMessage(Message message, String prefix) {
    for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
      String path = prefix + field.getKey().getName();
      String found = field.getKey().isRepeated()
          ? inList((List<?>) field.getValue(), path)
          : inValue(field.getValue(), path);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static String inList(List<?> values, String path) {
    for (int i = 0; i < values.size(); i++) {
      Object value = values.get(i);
      String found = value instanceof MapEntry
          ? inEntry((MapEntry<?, ?>) value, path)
          : inValue(value, path + "[" + i + "]");
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static String inEntry(MapEntry<?, ?> entry, String path) {
    String found = inValue(entry.getKey(), path);
    return found != null ? found : inValue(entry.getValue(), path + "." + entry.getKey());
  }

  private static String inValue(Object value, String path) {
    if (value instanceof Message) {
      return inMessage((Message) value, path + ".");
    }
    return value instanceof String && isIllFormed((String) value) ? path : null;
  }

  static boolean isIllFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (i + 1 == text.length() || !Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
          return true;
        }
        i++;
      }
    }
    return false;
  }
}
