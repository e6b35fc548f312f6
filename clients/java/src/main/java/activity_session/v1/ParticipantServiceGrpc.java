package activity_session.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Participants: the people and agents of a namespace.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ParticipantServiceGrpc {

  private ParticipantServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "activity_session.v1.ParticipantService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<activity_session.v1.CreateParticipantRequest,
      activity_session.v1.Participant> getCreateParticipantMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateParticipant",
      requestType = activity_session.v1.CreateParticipantRequest.class,
      responseType = activity_session.v1.Participant.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.CreateParticipantRequest,
      activity_session.v1.Participant> getCreateParticipantMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.CreateParticipantRequest, activity_session.v1.Participant> getCreateParticipantMethod;
    if ((getCreateParticipantMethod = ParticipantServiceGrpc.getCreateParticipantMethod) == null) {
      synchronized (ParticipantServiceGrpc.class) {
        if ((getCreateParticipantMethod = ParticipantServiceGrpc.getCreateParticipantMethod) == null) {
          ParticipantServiceGrpc.getCreateParticipantMethod = getCreateParticipantMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.CreateParticipantRequest, activity_session.v1.Participant>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateParticipant"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.CreateParticipantRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Participant.getDefaultInstance()))
              .setSchemaDescriptor(new ParticipantServiceMethodDescriptorSupplier("CreateParticipant"))
              .build();
        }
      }
    }
    return getCreateParticipantMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.GetParticipantRequest,
      activity_session.v1.Participant> getGetParticipantMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetParticipant",
      requestType = activity_session.v1.GetParticipantRequest.class,
      responseType = activity_session.v1.Participant.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.GetParticipantRequest,
      activity_session.v1.Participant> getGetParticipantMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.GetParticipantRequest, activity_session.v1.Participant> getGetParticipantMethod;
    if ((getGetParticipantMethod = ParticipantServiceGrpc.getGetParticipantMethod) == null) {
      synchronized (ParticipantServiceGrpc.class) {
        if ((getGetParticipantMethod = ParticipantServiceGrpc.getGetParticipantMethod) == null) {
          ParticipantServiceGrpc.getGetParticipantMethod = getGetParticipantMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.GetParticipantRequest, activity_session.v1.Participant>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetParticipant"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.GetParticipantRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Participant.getDefaultInstance()))
              .setSchemaDescriptor(new ParticipantServiceMethodDescriptorSupplier("GetParticipant"))
              .build();
        }
      }
    }
    return getGetParticipantMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.ListParticipantsRequest,
      activity_session.v1.ListParticipantsResponse> getListParticipantsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListParticipants",
      requestType = activity_session.v1.ListParticipantsRequest.class,
      responseType = activity_session.v1.ListParticipantsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.ListParticipantsRequest,
      activity_session.v1.ListParticipantsResponse> getListParticipantsMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.ListParticipantsRequest, activity_session.v1.ListParticipantsResponse> getListParticipantsMethod;
    if ((getListParticipantsMethod = ParticipantServiceGrpc.getListParticipantsMethod) == null) {
      synchronized (ParticipantServiceGrpc.class) {
        if ((getListParticipantsMethod = ParticipantServiceGrpc.getListParticipantsMethod) == null) {
          ParticipantServiceGrpc.getListParticipantsMethod = getListParticipantsMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.ListParticipantsRequest, activity_session.v1.ListParticipantsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListParticipants"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.ListParticipantsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.ListParticipantsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ParticipantServiceMethodDescriptorSupplier("ListParticipants"))
              .build();
        }
      }
    }
    return getListParticipantsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.UpdateParticipantRequest,
      activity_session.v1.Participant> getUpdateParticipantMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateParticipant",
      requestType = activity_session.v1.UpdateParticipantRequest.class,
      responseType = activity_session.v1.Participant.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.UpdateParticipantRequest,
      activity_session.v1.Participant> getUpdateParticipantMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.UpdateParticipantRequest, activity_session.v1.Participant> getUpdateParticipantMethod;
    if ((getUpdateParticipantMethod = ParticipantServiceGrpc.getUpdateParticipantMethod) == null) {
      synchronized (ParticipantServiceGrpc.class) {
        if ((getUpdateParticipantMethod = ParticipantServiceGrpc.getUpdateParticipantMethod) == null) {
          ParticipantServiceGrpc.getUpdateParticipantMethod = getUpdateParticipantMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.UpdateParticipantRequest, activity_session.v1.Participant>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateParticipant"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.UpdateParticipantRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Participant.getDefaultInstance()))
              .setSchemaDescriptor(new ParticipantServiceMethodDescriptorSupplier("UpdateParticipant"))
              .build();
        }
      }
    }
    return getUpdateParticipantMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.DeleteParticipantRequest,
      activity_session.v1.Participant> getDeleteParticipantMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteParticipant",
      requestType = activity_session.v1.DeleteParticipantRequest.class,
      responseType = activity_session.v1.Participant.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.DeleteParticipantRequest,
      activity_session.v1.Participant> getDeleteParticipantMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.DeleteParticipantRequest, activity_session.v1.Participant> getDeleteParticipantMethod;
    if ((getDeleteParticipantMethod = ParticipantServiceGrpc.getDeleteParticipantMethod) == null) {
      synchronized (ParticipantServiceGrpc.class) {
        if ((getDeleteParticipantMethod = ParticipantServiceGrpc.getDeleteParticipantMethod) == null) {
          ParticipantServiceGrpc.getDeleteParticipantMethod = getDeleteParticipantMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.DeleteParticipantRequest, activity_session.v1.Participant>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteParticipant"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.DeleteParticipantRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Participant.getDefaultInstance()))
              .setSchemaDescriptor(new ParticipantServiceMethodDescriptorSupplier("DeleteParticipant"))
              .build();
        }
      }
    }
    return getDeleteParticipantMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.UndeleteParticipantRequest,
      activity_session.v1.Participant> getUndeleteParticipantMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UndeleteParticipant",
      requestType = activity_session.v1.UndeleteParticipantRequest.class,
      responseType = activity_session.v1.Participant.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.UndeleteParticipantRequest,
      activity_session.v1.Participant> getUndeleteParticipantMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.UndeleteParticipantRequest, activity_session.v1.Participant> getUndeleteParticipantMethod;
    if ((getUndeleteParticipantMethod = ParticipantServiceGrpc.getUndeleteParticipantMethod) == null) {
      synchronized (ParticipantServiceGrpc.class) {
        if ((getUndeleteParticipantMethod = ParticipantServiceGrpc.getUndeleteParticipantMethod) == null) {
          ParticipantServiceGrpc.getUndeleteParticipantMethod = getUndeleteParticipantMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.UndeleteParticipantRequest, activity_session.v1.Participant>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UndeleteParticipant"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.UndeleteParticipantRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Participant.getDefaultInstance()))
              .setSchemaDescriptor(new ParticipantServiceMethodDescriptorSupplier("UndeleteParticipant"))
              .build();
        }
      }
    }
    return getUndeleteParticipantMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ParticipantServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ParticipantServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ParticipantServiceStub>() {
        @java.lang.Override
        public ParticipantServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ParticipantServiceStub(channel, callOptions);
        }
      };
    return ParticipantServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ParticipantServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ParticipantServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ParticipantServiceBlockingStub>() {
        @java.lang.Override
        public ParticipantServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ParticipantServiceBlockingStub(channel, callOptions);
        }
      };
    return ParticipantServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ParticipantServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ParticipantServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ParticipantServiceFutureStub>() {
        @java.lang.Override
        public ParticipantServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ParticipantServiceFutureStub(channel, callOptions);
        }
      };
    return ParticipantServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Participants: the people and agents of a namespace.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Creates a participant.
     * </pre>
     */
    default void createParticipant(activity_session.v1.CreateParticipantRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Participant> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateParticipantMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads a participant, also a deleted one.
     * </pre>
     */
    default void getParticipant(activity_session.v1.GetParticipantRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Participant> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetParticipantMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the participants of a namespace in pages.
     * </pre>
     */
    default void listParticipants(activity_session.v1.ListParticipantsRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.ListParticipantsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListParticipantsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes the masked fields of a participant in one step.
     * </pre>
     */
    default void updateParticipant(activity_session.v1.UpdateParticipantRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Participant> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateParticipantMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes a participant softly. It stays in the sessions it is bound to, so
     * that their history remains readable, and cannot be bound again.
     * </pre>
     */
    default void deleteParticipant(activity_session.v1.DeleteParticipantRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Participant> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteParticipantMethod(), responseObserver);
    }

    /**
     * <pre>
     * Brings a deleted participant back.
     * </pre>
     */
    default void undeleteParticipant(activity_session.v1.UndeleteParticipantRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Participant> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUndeleteParticipantMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ParticipantService.
   * <pre>
   * Participants: the people and agents of a namespace.
   * </pre>
   */
  public static abstract class ParticipantServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ParticipantServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ParticipantService.
   * <pre>
   * Participants: the people and agents of a namespace.
   * </pre>
   */
  public static final class ParticipantServiceStub
      extends io.grpc.stub.AbstractAsyncStub<ParticipantServiceStub> {
    private ParticipantServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ParticipantServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ParticipantServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a participant.
     * </pre>
     */
    public void createParticipant(activity_session.v1.CreateParticipantRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Participant> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateParticipantMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads a participant, also a deleted one.
     * </pre>
     */
    public void getParticipant(activity_session.v1.GetParticipantRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Participant> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetParticipantMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the participants of a namespace in pages.
     * </pre>
     */
    public void listParticipants(activity_session.v1.ListParticipantsRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.ListParticipantsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListParticipantsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes the masked fields of a participant in one step.
     * </pre>
     */
    public void updateParticipant(activity_session.v1.UpdateParticipantRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Participant> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateParticipantMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes a participant softly. It stays in the sessions it is bound to, so
     * that their history remains readable, and cannot be bound again.
     * </pre>
     */
    public void deleteParticipant(activity_session.v1.DeleteParticipantRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Participant> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteParticipantMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Brings a deleted participant back.
     * </pre>
     */
    public void undeleteParticipant(activity_session.v1.UndeleteParticipantRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Participant> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUndeleteParticipantMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ParticipantService.
   * <pre>
   * Participants: the people and agents of a namespace.
   * </pre>
   */
  public static final class ParticipantServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ParticipantServiceBlockingStub> {
    private ParticipantServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ParticipantServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ParticipantServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a participant.
     * </pre>
     */
    public activity_session.v1.Participant createParticipant(activity_session.v1.CreateParticipantRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateParticipantMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads a participant, also a deleted one.
     * </pre>
     */
    public activity_session.v1.Participant getParticipant(activity_session.v1.GetParticipantRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetParticipantMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the participants of a namespace in pages.
     * </pre>
     */
    public activity_session.v1.ListParticipantsResponse listParticipants(activity_session.v1.ListParticipantsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListParticipantsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the masked fields of a participant in one step.
     * </pre>
     */
    public activity_session.v1.Participant updateParticipant(activity_session.v1.UpdateParticipantRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateParticipantMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a participant softly. It stays in the sessions it is bound to, so
     * that their history remains readable, and cannot be bound again.
     * </pre>
     */
    public activity_session.v1.Participant deleteParticipant(activity_session.v1.DeleteParticipantRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteParticipantMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Brings a deleted participant back.
     * </pre>
     */
    public activity_session.v1.Participant undeleteParticipant(activity_session.v1.UndeleteParticipantRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUndeleteParticipantMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ParticipantService.
   * <pre>
   * Participants: the people and agents of a namespace.
   * </pre>
   */
  public static final class ParticipantServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<ParticipantServiceFutureStub> {
    private ParticipantServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ParticipantServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ParticipantServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a participant.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Participant> createParticipant(
        activity_session.v1.CreateParticipantRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateParticipantMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads a participant, also a deleted one.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Participant> getParticipant(
        activity_session.v1.GetParticipantRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetParticipantMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the participants of a namespace in pages.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.ListParticipantsResponse> listParticipants(
        activity_session.v1.ListParticipantsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListParticipantsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes the masked fields of a participant in one step.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Participant> updateParticipant(
        activity_session.v1.UpdateParticipantRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateParticipantMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes a participant softly. It stays in the sessions it is bound to, so
     * that their history remains readable, and cannot be bound again.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Participant> deleteParticipant(
        activity_session.v1.DeleteParticipantRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteParticipantMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Brings a deleted participant back.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Participant> undeleteParticipant(
        activity_session.v1.UndeleteParticipantRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUndeleteParticipantMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_PARTICIPANT = 0;
  private static final int METHODID_GET_PARTICIPANT = 1;
  private static final int METHODID_LIST_PARTICIPANTS = 2;
  private static final int METHODID_UPDATE_PARTICIPANT = 3;
  private static final int METHODID_DELETE_PARTICIPANT = 4;
  private static final int METHODID_UNDELETE_PARTICIPANT = 5;

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
        case METHODID_CREATE_PARTICIPANT:
          serviceImpl.createParticipant((activity_session.v1.CreateParticipantRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Participant>) responseObserver);
          break;
        case METHODID_GET_PARTICIPANT:
          serviceImpl.getParticipant((activity_session.v1.GetParticipantRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Participant>) responseObserver);
          break;
        case METHODID_LIST_PARTICIPANTS:
          serviceImpl.listParticipants((activity_session.v1.ListParticipantsRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.ListParticipantsResponse>) responseObserver);
          break;
        case METHODID_UPDATE_PARTICIPANT:
          serviceImpl.updateParticipant((activity_session.v1.UpdateParticipantRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Participant>) responseObserver);
          break;
        case METHODID_DELETE_PARTICIPANT:
          serviceImpl.deleteParticipant((activity_session.v1.DeleteParticipantRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Participant>) responseObserver);
          break;
        case METHODID_UNDELETE_PARTICIPANT:
          serviceImpl.undeleteParticipant((activity_session.v1.UndeleteParticipantRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Participant>) responseObserver);
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
          getCreateParticipantMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.CreateParticipantRequest,
              activity_session.v1.Participant>(
                service, METHODID_CREATE_PARTICIPANT)))
        .addMethod(
          getGetParticipantMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.GetParticipantRequest,
              activity_session.v1.Participant>(
                service, METHODID_GET_PARTICIPANT)))
        .addMethod(
          getListParticipantsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.ListParticipantsRequest,
              activity_session.v1.ListParticipantsResponse>(
                service, METHODID_LIST_PARTICIPANTS)))
        .addMethod(
          getUpdateParticipantMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.UpdateParticipantRequest,
              activity_session.v1.Participant>(
                service, METHODID_UPDATE_PARTICIPANT)))
        .addMethod(
          getDeleteParticipantMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.DeleteParticipantRequest,
              activity_session.v1.Participant>(
                service, METHODID_DELETE_PARTICIPANT)))
        .addMethod(
          getUndeleteParticipantMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.UndeleteParticipantRequest,
              activity_session.v1.Participant>(
                service, METHODID_UNDELETE_PARTICIPANT)))
        .build();
  }

  private static abstract class ParticipantServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ParticipantServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return activity_session.v1.ParticipantServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ParticipantService");
    }
  }

  private static final class ParticipantServiceFileDescriptorSupplier
      extends ParticipantServiceBaseDescriptorSupplier {
    ParticipantServiceFileDescriptorSupplier() {}
  }

  private static final class ParticipantServiceMethodDescriptorSupplier
      extends ParticipantServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ParticipantServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (ParticipantServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ParticipantServiceFileDescriptorSupplier())
              .addMethod(getCreateParticipantMethod())
              .addMethod(getGetParticipantMethod())
              .addMethod(getListParticipantsMethod())
              .addMethod(getUpdateParticipantMethod())
              .addMethod(getDeleteParticipantMethod())
              .addMethod(getUndeleteParticipantMethod())
              .build();
        }
      }
    }
    return result;
  }
}
