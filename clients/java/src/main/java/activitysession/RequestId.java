package activitysession;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.UUID;

/** Makes it safe to send a request again. */
final class RequestId {
  private RequestId() {}

  /** Returns the request with a request id; it sets one if the field exists and is empty. */
  @SuppressWarnings("unchecked") // a builder builds what it came from
  static <RequestT> RequestT in(RequestT request) {
    if (!(request instanceof Message)) {
      return request;
    }
    Message message = (Message) request;
    FieldDescriptor field = message.getDescriptorForType().findFieldByName("request_id");
    if (field == null || !message.getField(field).equals("")) {
      return request;
    }
    return (RequestT) message.toBuilder().setField(field, UUID.randomUUID().toString()).build();
  }
}
