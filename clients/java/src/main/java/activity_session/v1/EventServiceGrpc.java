package activity_session.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * The log of a session, and the state that is shared around it.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class EventServiceGrpc {

  private EventServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "activity_session.v1.EventService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<activity_session.v1.AppendEventsRequest,
      activity_session.v1.AppendEventsResponse> getAppendEventsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AppendEvents",
      requestType = activity_session.v1.AppendEventsRequest.class,
      responseType = activity_session.v1.AppendEventsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.AppendEventsRequest,
      activity_session.v1.AppendEventsResponse> getAppendEventsMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.AppendEventsRequest, activity_session.v1.AppendEventsResponse> getAppendEventsMethod;
    if ((getAppendEventsMethod = EventServiceGrpc.getAppendEventsMethod) == null) {
      synchronized (EventServiceGrpc.class) {
        if ((getAppendEventsMethod = EventServiceGrpc.getAppendEventsMethod) == null) {
          EventServiceGrpc.getAppendEventsMethod = getAppendEventsMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.AppendEventsRequest, activity_session.v1.AppendEventsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AppendEvents"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.AppendEventsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.AppendEventsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new EventServiceMethodDescriptorSupplier("AppendEvents"))
              .build();
        }
      }
    }
    return getAppendEventsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.GetEventRequest,
      activity_session.v1.Event> getGetEventMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetEvent",
      requestType = activity_session.v1.GetEventRequest.class,
      responseType = activity_session.v1.Event.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.GetEventRequest,
      activity_session.v1.Event> getGetEventMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.GetEventRequest, activity_session.v1.Event> getGetEventMethod;
    if ((getGetEventMethod = EventServiceGrpc.getGetEventMethod) == null) {
      synchronized (EventServiceGrpc.class) {
        if ((getGetEventMethod = EventServiceGrpc.getGetEventMethod) == null) {
          EventServiceGrpc.getGetEventMethod = getGetEventMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.GetEventRequest, activity_session.v1.Event>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetEvent"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.GetEventRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Event.getDefaultInstance()))
              .setSchemaDescriptor(new EventServiceMethodDescriptorSupplier("GetEvent"))
              .build();
        }
      }
    }
    return getGetEventMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.ListEventsRequest,
      activity_session.v1.ListEventsResponse> getListEventsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListEvents",
      requestType = activity_session.v1.ListEventsRequest.class,
      responseType = activity_session.v1.ListEventsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.ListEventsRequest,
      activity_session.v1.ListEventsResponse> getListEventsMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.ListEventsRequest, activity_session.v1.ListEventsResponse> getListEventsMethod;
    if ((getListEventsMethod = EventServiceGrpc.getListEventsMethod) == null) {
      synchronized (EventServiceGrpc.class) {
        if ((getListEventsMethod = EventServiceGrpc.getListEventsMethod) == null) {
          EventServiceGrpc.getListEventsMethod = getListEventsMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.ListEventsRequest, activity_session.v1.ListEventsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListEvents"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.ListEventsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.ListEventsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new EventServiceMethodDescriptorSupplier("ListEvents"))
              .build();
        }
      }
    }
    return getListEventsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.GetStateRequest,
      activity_session.v1.State> getGetStateMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetState",
      requestType = activity_session.v1.GetStateRequest.class,
      responseType = activity_session.v1.State.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.GetStateRequest,
      activity_session.v1.State> getGetStateMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.GetStateRequest, activity_session.v1.State> getGetStateMethod;
    if ((getGetStateMethod = EventServiceGrpc.getGetStateMethod) == null) {
      synchronized (EventServiceGrpc.class) {
        if ((getGetStateMethod = EventServiceGrpc.getGetStateMethod) == null) {
          EventServiceGrpc.getGetStateMethod = getGetStateMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.GetStateRequest, activity_session.v1.State>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetState"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.GetStateRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.State.getDefaultInstance()))
              .setSchemaDescriptor(new EventServiceMethodDescriptorSupplier("GetState"))
              .build();
        }
      }
    }
    return getGetStateMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.UpdateStateRequest,
      activity_session.v1.State> getUpdateStateMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateState",
      requestType = activity_session.v1.UpdateStateRequest.class,
      responseType = activity_session.v1.State.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.UpdateStateRequest,
      activity_session.v1.State> getUpdateStateMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.UpdateStateRequest, activity_session.v1.State> getUpdateStateMethod;
    if ((getUpdateStateMethod = EventServiceGrpc.getUpdateStateMethod) == null) {
      synchronized (EventServiceGrpc.class) {
        if ((getUpdateStateMethod = EventServiceGrpc.getUpdateStateMethod) == null) {
          EventServiceGrpc.getUpdateStateMethod = getUpdateStateMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.UpdateStateRequest, activity_session.v1.State>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateState"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.UpdateStateRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.State.getDefaultInstance()))
              .setSchemaDescriptor(new EventServiceMethodDescriptorSupplier("UpdateState"))
              .build();
        }
      }
    }
    return getUpdateStateMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static EventServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<EventServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<EventServiceStub>() {
        @java.lang.Override
        public EventServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new EventServiceStub(channel, callOptions);
        }
      };
    return EventServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static EventServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<EventServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<EventServiceBlockingStub>() {
        @java.lang.Override
        public EventServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new EventServiceBlockingStub(channel, callOptions);
        }
      };
    return EventServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static EventServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<EventServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<EventServiceFutureStub>() {
        @java.lang.Override
        public EventServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new EventServiceFutureStub(channel, callOptions);
        }
      };
    return EventServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * The log of a session, and the state that is shared around it.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Appends 1 to 100 events and makes any state updates, all or nothing.
     * Appends do not conflict with each other: any number of writers may append
     * to one session at once.
     * An event whose id is there already with the same content is answered with
     * the number it has, and is not written again; with other content the call is
     * refused. When all events are there already the call is a retry: nothing is
     * written, state included.
     * </pre>
     */
    default void appendEvents(activity_session.v1.AppendEventsRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.AppendEventsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAppendEventsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads an event, also of a deleted session.
     * </pre>
     */
    default void getEvent(activity_session.v1.GetEventRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Event> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetEventMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the events of a session in pages, from either end, also of a deleted
     * session. A page can end early, to fit the size of an answer.
     * </pre>
     */
    default void listEvents(activity_session.v1.ListEventsRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.ListEventsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListEventsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads the state of a namespace, a participant or a session, sorted by key
     * in pages, also of a deleted one.
     * </pre>
     */
    default void getState(activity_session.v1.GetStateRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.State> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetStateMethod(), responseObserver);
    }

    /**
     * <pre>
     * Sets and deletes keys of a state, all or nothing. Answers the keys named,
     * without those that were deleted. Writers of different keys never conflict.
     * </pre>
     */
    default void updateState(activity_session.v1.UpdateStateRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.State> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateStateMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service EventService.
   * <pre>
   * The log of a session, and the state that is shared around it.
   * </pre>
   */
  public static abstract class EventServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return EventServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service EventService.
   * <pre>
   * The log of a session, and the state that is shared around it.
   * </pre>
   */
  public static final class EventServiceStub
      extends io.grpc.stub.AbstractAsyncStub<EventServiceStub> {
    private EventServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected EventServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new EventServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Appends 1 to 100 events and makes any state updates, all or nothing.
     * Appends do not conflict with each other: any number of writers may append
     * to one session at once.
     * An event whose id is there already with the same content is answered with
     * the number it has, and is not written again; with other content the call is
     * refused. When all events are there already the call is a retry: nothing is
     * written, state included.
     * </pre>
     */
    public void appendEvents(activity_session.v1.AppendEventsRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.AppendEventsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAppendEventsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads an event, also of a deleted session.
     * </pre>
     */
    public void getEvent(activity_session.v1.GetEventRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Event> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetEventMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the events of a session in pages, from either end, also of a deleted
     * session. A page can end early, to fit the size of an answer.
     * </pre>
     */
    public void listEvents(activity_session.v1.ListEventsRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.ListEventsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListEventsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads the state of a namespace, a participant or a session, sorted by key
     * in pages, also of a deleted one.
     * </pre>
     */
    public void getState(activity_session.v1.GetStateRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.State> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetStateMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Sets and deletes keys of a state, all or nothing. Answers the keys named,
     * without those that were deleted. Writers of different keys never conflict.
     * </pre>
     */
    public void updateState(activity_session.v1.UpdateStateRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.State> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateStateMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service EventService.
   * <pre>
   * The log of a session, and the state that is shared around it.
   * </pre>
   */
  public static final class EventServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<EventServiceBlockingStub> {
    private EventServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected EventServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new EventServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Appends 1 to 100 events and makes any state updates, all or nothing.
     * Appends do not conflict with each other: any number of writers may append
     * to one session at once.
     * An event whose id is there already with the same content is answered with
     * the number it has, and is not written again; with other content the call is
     * refused. When all events are there already the call is a retry: nothing is
     * written, state included.
     * </pre>
     */
    public activity_session.v1.AppendEventsResponse appendEvents(activity_session.v1.AppendEventsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAppendEventsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads an event, also of a deleted session.
     * </pre>
     */
    public activity_session.v1.Event getEvent(activity_session.v1.GetEventRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetEventMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the events of a session in pages, from either end, also of a deleted
     * session. A page can end early, to fit the size of an answer.
     * </pre>
     */
    public activity_session.v1.ListEventsResponse listEvents(activity_session.v1.ListEventsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListEventsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads the state of a namespace, a participant or a session, sorted by key
     * in pages, also of a deleted one.
     * </pre>
     */
    public activity_session.v1.State getState(activity_session.v1.GetStateRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetStateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sets and deletes keys of a state, all or nothing. Answers the keys named,
     * without those that were deleted. Writers of different keys never conflict.
     * </pre>
     */
    public activity_session.v1.State updateState(activity_session.v1.UpdateStateRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateStateMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service EventService.
   * <pre>
   * The log of a session, and the state that is shared around it.
   * </pre>
   */
  public static final class EventServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<EventServiceFutureStub> {
    private EventServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected EventServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new EventServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Appends 1 to 100 events and makes any state updates, all or nothing.
     * Appends do not conflict with each other: any number of writers may append
     * to one session at once.
     * An event whose id is there already with the same content is answered with
     * the number it has, and is not written again; with other content the call is
     * refused. When all events are there already the call is a retry: nothing is
     * written, state included.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.AppendEventsResponse> appendEvents(
        activity_session.v1.AppendEventsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAppendEventsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads an event, also of a deleted session.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Event> getEvent(
        activity_session.v1.GetEventRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetEventMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the events of a session in pages, from either end, also of a deleted
     * session. A page can end early, to fit the size of an answer.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.ListEventsResponse> listEvents(
        activity_session.v1.ListEventsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListEventsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads the state of a namespace, a participant or a session, sorted by key
     * in pages, also of a deleted one.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.State> getState(
        activity_session.v1.GetStateRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetStateMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Sets and deletes keys of a state, all or nothing. Answers the keys named,
     * without those that were deleted. Writers of different keys never conflict.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.State> updateState(
        activity_session.v1.UpdateStateRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateStateMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_APPEND_EVENTS = 0;
  private static final int METHODID_GET_EVENT = 1;
  private static final int METHODID_LIST_EVENTS = 2;
  private static final int METHODID_GET_STATE = 3;
  private static final int METHODID_UPDATE_STATE = 4;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_APPEND_EVENTS:
          serviceImpl.appendEvents((activity_session.v1.AppendEventsRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.AppendEventsResponse>) responseObserver);
          break;
        case METHODID_GET_EVENT:
          serviceImpl.getEvent((activity_session.v1.GetEventRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Event>) responseObserver);
          break;
        case METHODID_LIST_EVENTS:
          serviceImpl.listEvents((activity_session.v1.ListEventsRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.ListEventsResponse>) responseObserver);
          break;
        case METHODID_GET_STATE:
          serviceImpl.getState((activity_session.v1.GetStateRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.State>) responseObserver);
          break;
        case METHODID_UPDATE_STATE:
          serviceImpl.updateState((activity_session.v1.UpdateStateRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.State>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getAppendEventsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.AppendEventsRequest,
              activity_session.v1.AppendEventsResponse>(
                service, METHODID_APPEND_EVENTS)))
        .addMethod(
          getGetEventMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.GetEventRequest,
              activity_session.v1.Event>(
                service, METHODID_GET_EVENT)))
        .addMethod(
          getListEventsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.ListEventsRequest,
              activity_session.v1.ListEventsResponse>(
                service, METHODID_LIST_EVENTS)))
        .addMethod(
          getGetStateMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.GetStateRequest,
              activity_session.v1.State>(
                service, METHODID_GET_STATE)))
        .addMethod(
          getUpdateStateMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.UpdateStateRequest,
              activity_session.v1.State>(
                service, METHODID_UPDATE_STATE)))
        .build();
  }

  private static abstract class EventServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    EventServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return activity_session.v1.EventServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("EventService");
    }
  }

  private static final class EventServiceFileDescriptorSupplier
      extends EventServiceBaseDescriptorSupplier {
    EventServiceFileDescriptorSupplier() {}
  }

  private static final class EventServiceMethodDescriptorSupplier
      extends EventServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    EventServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (EventServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new EventServiceFileDescriptorSupplier())
              .addMethod(getAppendEventsMethod())
              .addMethod(getGetEventMethod())
              .addMethod(getListEventsMethod())
              .addMethod(getGetStateMethod())
              .addMethod(getUpdateStateMethod())
              .build();
        }
      }
    }
    return result;
  }
}
