package activity_session.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Memories: what agents took away from sessions.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class MemoryServiceGrpc {

  private MemoryServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "activity_session.v1.MemoryService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<activity_session.v1.CreateMemoryRequest,
      activity_session.v1.Memory> getCreateMemoryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateMemory",
      requestType = activity_session.v1.CreateMemoryRequest.class,
      responseType = activity_session.v1.Memory.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.CreateMemoryRequest,
      activity_session.v1.Memory> getCreateMemoryMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.CreateMemoryRequest, activity_session.v1.Memory> getCreateMemoryMethod;
    if ((getCreateMemoryMethod = MemoryServiceGrpc.getCreateMemoryMethod) == null) {
      synchronized (MemoryServiceGrpc.class) {
        if ((getCreateMemoryMethod = MemoryServiceGrpc.getCreateMemoryMethod) == null) {
          MemoryServiceGrpc.getCreateMemoryMethod = getCreateMemoryMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.CreateMemoryRequest, activity_session.v1.Memory>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateMemory"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.CreateMemoryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Memory.getDefaultInstance()))
              .setSchemaDescriptor(new MemoryServiceMethodDescriptorSupplier("CreateMemory"))
              .build();
        }
      }
    }
    return getCreateMemoryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.BatchCreateMemoriesRequest,
      activity_session.v1.BatchCreateMemoriesResponse> getBatchCreateMemoriesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BatchCreateMemories",
      requestType = activity_session.v1.BatchCreateMemoriesRequest.class,
      responseType = activity_session.v1.BatchCreateMemoriesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.BatchCreateMemoriesRequest,
      activity_session.v1.BatchCreateMemoriesResponse> getBatchCreateMemoriesMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.BatchCreateMemoriesRequest, activity_session.v1.BatchCreateMemoriesResponse> getBatchCreateMemoriesMethod;
    if ((getBatchCreateMemoriesMethod = MemoryServiceGrpc.getBatchCreateMemoriesMethod) == null) {
      synchronized (MemoryServiceGrpc.class) {
        if ((getBatchCreateMemoriesMethod = MemoryServiceGrpc.getBatchCreateMemoriesMethod) == null) {
          MemoryServiceGrpc.getBatchCreateMemoriesMethod = getBatchCreateMemoriesMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.BatchCreateMemoriesRequest, activity_session.v1.BatchCreateMemoriesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BatchCreateMemories"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.BatchCreateMemoriesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.BatchCreateMemoriesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MemoryServiceMethodDescriptorSupplier("BatchCreateMemories"))
              .build();
        }
      }
    }
    return getBatchCreateMemoriesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.GetMemoryRequest,
      activity_session.v1.Memory> getGetMemoryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetMemory",
      requestType = activity_session.v1.GetMemoryRequest.class,
      responseType = activity_session.v1.Memory.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.GetMemoryRequest,
      activity_session.v1.Memory> getGetMemoryMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.GetMemoryRequest, activity_session.v1.Memory> getGetMemoryMethod;
    if ((getGetMemoryMethod = MemoryServiceGrpc.getGetMemoryMethod) == null) {
      synchronized (MemoryServiceGrpc.class) {
        if ((getGetMemoryMethod = MemoryServiceGrpc.getGetMemoryMethod) == null) {
          MemoryServiceGrpc.getGetMemoryMethod = getGetMemoryMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.GetMemoryRequest, activity_session.v1.Memory>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetMemory"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.GetMemoryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Memory.getDefaultInstance()))
              .setSchemaDescriptor(new MemoryServiceMethodDescriptorSupplier("GetMemory"))
              .build();
        }
      }
    }
    return getGetMemoryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.ListMemoriesRequest,
      activity_session.v1.ListMemoriesResponse> getListMemoriesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListMemories",
      requestType = activity_session.v1.ListMemoriesRequest.class,
      responseType = activity_session.v1.ListMemoriesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.ListMemoriesRequest,
      activity_session.v1.ListMemoriesResponse> getListMemoriesMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.ListMemoriesRequest, activity_session.v1.ListMemoriesResponse> getListMemoriesMethod;
    if ((getListMemoriesMethod = MemoryServiceGrpc.getListMemoriesMethod) == null) {
      synchronized (MemoryServiceGrpc.class) {
        if ((getListMemoriesMethod = MemoryServiceGrpc.getListMemoriesMethod) == null) {
          MemoryServiceGrpc.getListMemoriesMethod = getListMemoriesMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.ListMemoriesRequest, activity_session.v1.ListMemoriesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListMemories"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.ListMemoriesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.ListMemoriesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MemoryServiceMethodDescriptorSupplier("ListMemories"))
              .build();
        }
      }
    }
    return getListMemoriesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.UpdateMemoryRequest,
      activity_session.v1.Memory> getUpdateMemoryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateMemory",
      requestType = activity_session.v1.UpdateMemoryRequest.class,
      responseType = activity_session.v1.Memory.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.UpdateMemoryRequest,
      activity_session.v1.Memory> getUpdateMemoryMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.UpdateMemoryRequest, activity_session.v1.Memory> getUpdateMemoryMethod;
    if ((getUpdateMemoryMethod = MemoryServiceGrpc.getUpdateMemoryMethod) == null) {
      synchronized (MemoryServiceGrpc.class) {
        if ((getUpdateMemoryMethod = MemoryServiceGrpc.getUpdateMemoryMethod) == null) {
          MemoryServiceGrpc.getUpdateMemoryMethod = getUpdateMemoryMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.UpdateMemoryRequest, activity_session.v1.Memory>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateMemory"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.UpdateMemoryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Memory.getDefaultInstance()))
              .setSchemaDescriptor(new MemoryServiceMethodDescriptorSupplier("UpdateMemory"))
              .build();
        }
      }
    }
    return getUpdateMemoryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.DeleteMemoryRequest,
      activity_session.v1.Memory> getDeleteMemoryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteMemory",
      requestType = activity_session.v1.DeleteMemoryRequest.class,
      responseType = activity_session.v1.Memory.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.DeleteMemoryRequest,
      activity_session.v1.Memory> getDeleteMemoryMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.DeleteMemoryRequest, activity_session.v1.Memory> getDeleteMemoryMethod;
    if ((getDeleteMemoryMethod = MemoryServiceGrpc.getDeleteMemoryMethod) == null) {
      synchronized (MemoryServiceGrpc.class) {
        if ((getDeleteMemoryMethod = MemoryServiceGrpc.getDeleteMemoryMethod) == null) {
          MemoryServiceGrpc.getDeleteMemoryMethod = getDeleteMemoryMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.DeleteMemoryRequest, activity_session.v1.Memory>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteMemory"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.DeleteMemoryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Memory.getDefaultInstance()))
              .setSchemaDescriptor(new MemoryServiceMethodDescriptorSupplier("DeleteMemory"))
              .build();
        }
      }
    }
    return getDeleteMemoryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.UndeleteMemoryRequest,
      activity_session.v1.Memory> getUndeleteMemoryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UndeleteMemory",
      requestType = activity_session.v1.UndeleteMemoryRequest.class,
      responseType = activity_session.v1.Memory.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.UndeleteMemoryRequest,
      activity_session.v1.Memory> getUndeleteMemoryMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.UndeleteMemoryRequest, activity_session.v1.Memory> getUndeleteMemoryMethod;
    if ((getUndeleteMemoryMethod = MemoryServiceGrpc.getUndeleteMemoryMethod) == null) {
      synchronized (MemoryServiceGrpc.class) {
        if ((getUndeleteMemoryMethod = MemoryServiceGrpc.getUndeleteMemoryMethod) == null) {
          MemoryServiceGrpc.getUndeleteMemoryMethod = getUndeleteMemoryMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.UndeleteMemoryRequest, activity_session.v1.Memory>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UndeleteMemory"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.UndeleteMemoryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Memory.getDefaultInstance()))
              .setSchemaDescriptor(new MemoryServiceMethodDescriptorSupplier("UndeleteMemory"))
              .build();
        }
      }
    }
    return getUndeleteMemoryMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static MemoryServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MemoryServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MemoryServiceStub>() {
        @java.lang.Override
        public MemoryServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MemoryServiceStub(channel, callOptions);
        }
      };
    return MemoryServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static MemoryServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MemoryServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MemoryServiceBlockingStub>() {
        @java.lang.Override
        public MemoryServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MemoryServiceBlockingStub(channel, callOptions);
        }
      };
    return MemoryServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static MemoryServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MemoryServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MemoryServiceFutureStub>() {
        @java.lang.Override
        public MemoryServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MemoryServiceFutureStub(channel, callOptions);
        }
      };
    return MemoryServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Memories: what agents took away from sessions.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Creates a memory of a session.
     * </pre>
     */
    default void createMemory(activity_session.v1.CreateMemoryRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Memory> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateMemoryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates several memories of a session, all or none.
     * </pre>
     */
    default void batchCreateMemories(activity_session.v1.BatchCreateMemoriesRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.BatchCreateMemoriesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBatchCreateMemoriesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads a memory, also a deleted one. With `touch` it counts as recalled,
     * which a deleted one cannot be.
     * </pre>
     */
    default void getMemory(activity_session.v1.GetMemoryRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Memory> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetMemoryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the memories of a session, or of all sessions of a namespace, in
     * pages. A page can end early, to fit the size of an answer.
     * </pre>
     */
    default void listMemories(activity_session.v1.ListMemoriesRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.ListMemoriesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListMemoriesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes the masked fields of a memory in one step.
     * </pre>
     */
    default void updateMemory(activity_session.v1.UpdateMemoryRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Memory> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateMemoryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes a memory softly.
     * </pre>
     */
    default void deleteMemory(activity_session.v1.DeleteMemoryRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Memory> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteMemoryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Brings a deleted memory back.
     * </pre>
     */
    default void undeleteMemory(activity_session.v1.UndeleteMemoryRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Memory> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUndeleteMemoryMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service MemoryService.
   * <pre>
   * Memories: what agents took away from sessions.
   * </pre>
   */
  public static abstract class MemoryServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return MemoryServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service MemoryService.
   * <pre>
   * Memories: what agents took away from sessions.
   * </pre>
   */
  public static final class MemoryServiceStub
      extends io.grpc.stub.AbstractAsyncStub<MemoryServiceStub> {
    private MemoryServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MemoryServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MemoryServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a memory of a session.
     * </pre>
     */
    public void createMemory(activity_session.v1.CreateMemoryRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Memory> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateMemoryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates several memories of a session, all or none.
     * </pre>
     */
    public void batchCreateMemories(activity_session.v1.BatchCreateMemoriesRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.BatchCreateMemoriesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBatchCreateMemoriesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads a memory, also a deleted one. With `touch` it counts as recalled,
     * which a deleted one cannot be.
     * </pre>
     */
    public void getMemory(activity_session.v1.GetMemoryRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Memory> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetMemoryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the memories of a session, or of all sessions of a namespace, in
     * pages. A page can end early, to fit the size of an answer.
     * </pre>
     */
    public void listMemories(activity_session.v1.ListMemoriesRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.ListMemoriesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListMemoriesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes the masked fields of a memory in one step.
     * </pre>
     */
    public void updateMemory(activity_session.v1.UpdateMemoryRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Memory> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateMemoryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes a memory softly.
     * </pre>
     */
    public void deleteMemory(activity_session.v1.DeleteMemoryRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Memory> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteMemoryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Brings a deleted memory back.
     * </pre>
     */
    public void undeleteMemory(activity_session.v1.UndeleteMemoryRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Memory> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUndeleteMemoryMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service MemoryService.
   * <pre>
   * Memories: what agents took away from sessions.
   * </pre>
   */
  public static final class MemoryServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<MemoryServiceBlockingStub> {
    private MemoryServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MemoryServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MemoryServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a memory of a session.
     * </pre>
     */
    public activity_session.v1.Memory createMemory(activity_session.v1.CreateMemoryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateMemoryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates several memories of a session, all or none.
     * </pre>
     */
    public activity_session.v1.BatchCreateMemoriesResponse batchCreateMemories(activity_session.v1.BatchCreateMemoriesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBatchCreateMemoriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads a memory, also a deleted one. With `touch` it counts as recalled,
     * which a deleted one cannot be.
     * </pre>
     */
    public activity_session.v1.Memory getMemory(activity_session.v1.GetMemoryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetMemoryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the memories of a session, or of all sessions of a namespace, in
     * pages. A page can end early, to fit the size of an answer.
     * </pre>
     */
    public activity_session.v1.ListMemoriesResponse listMemories(activity_session.v1.ListMemoriesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListMemoriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the masked fields of a memory in one step.
     * </pre>
     */
    public activity_session.v1.Memory updateMemory(activity_session.v1.UpdateMemoryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateMemoryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a memory softly.
     * </pre>
     */
    public activity_session.v1.Memory deleteMemory(activity_session.v1.DeleteMemoryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteMemoryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Brings a deleted memory back.
     * </pre>
     */
    public activity_session.v1.Memory undeleteMemory(activity_session.v1.UndeleteMemoryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUndeleteMemoryMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service MemoryService.
   * <pre>
   * Memories: what agents took away from sessions.
   * </pre>
   */
  public static final class MemoryServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<MemoryServiceFutureStub> {
    private MemoryServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MemoryServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MemoryServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a memory of a session.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Memory> createMemory(
        activity_session.v1.CreateMemoryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateMemoryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates several memories of a session, all or none.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.BatchCreateMemoriesResponse> batchCreateMemories(
        activity_session.v1.BatchCreateMemoriesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBatchCreateMemoriesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads a memory, also a deleted one. With `touch` it counts as recalled,
     * which a deleted one cannot be.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Memory> getMemory(
        activity_session.v1.GetMemoryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetMemoryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the memories of a session, or of all sessions of a namespace, in
     * pages. A page can end early, to fit the size of an answer.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.ListMemoriesResponse> listMemories(
        activity_session.v1.ListMemoriesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListMemoriesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes the masked fields of a memory in one step.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Memory> updateMemory(
        activity_session.v1.UpdateMemoryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateMemoryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes a memory softly.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Memory> deleteMemory(
        activity_session.v1.DeleteMemoryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteMemoryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Brings a deleted memory back.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Memory> undeleteMemory(
        activity_session.v1.UndeleteMemoryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUndeleteMemoryMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_MEMORY = 0;
  private static final int METHODID_BATCH_CREATE_MEMORIES = 1;
  private static final int METHODID_GET_MEMORY = 2;
  private static final int METHODID_LIST_MEMORIES = 3;
  private static final int METHODID_UPDATE_MEMORY = 4;
  private static final int METHODID_DELETE_MEMORY = 5;
  private static final int METHODID_UNDELETE_MEMORY = 6;

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
        case METHODID_CREATE_MEMORY:
          serviceImpl.createMemory((activity_session.v1.CreateMemoryRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Memory>) responseObserver);
          break;
        case METHODID_BATCH_CREATE_MEMORIES:
          serviceImpl.batchCreateMemories((activity_session.v1.BatchCreateMemoriesRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.BatchCreateMemoriesResponse>) responseObserver);
          break;
        case METHODID_GET_MEMORY:
          serviceImpl.getMemory((activity_session.v1.GetMemoryRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Memory>) responseObserver);
          break;
        case METHODID_LIST_MEMORIES:
          serviceImpl.listMemories((activity_session.v1.ListMemoriesRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.ListMemoriesResponse>) responseObserver);
          break;
        case METHODID_UPDATE_MEMORY:
          serviceImpl.updateMemory((activity_session.v1.UpdateMemoryRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Memory>) responseObserver);
          break;
        case METHODID_DELETE_MEMORY:
          serviceImpl.deleteMemory((activity_session.v1.DeleteMemoryRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Memory>) responseObserver);
          break;
        case METHODID_UNDELETE_MEMORY:
          serviceImpl.undeleteMemory((activity_session.v1.UndeleteMemoryRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Memory>) responseObserver);
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
          getCreateMemoryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.CreateMemoryRequest,
              activity_session.v1.Memory>(
                service, METHODID_CREATE_MEMORY)))
        .addMethod(
          getBatchCreateMemoriesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.BatchCreateMemoriesRequest,
              activity_session.v1.BatchCreateMemoriesResponse>(
                service, METHODID_BATCH_CREATE_MEMORIES)))
        .addMethod(
          getGetMemoryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.GetMemoryRequest,
              activity_session.v1.Memory>(
                service, METHODID_GET_MEMORY)))
        .addMethod(
          getListMemoriesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.ListMemoriesRequest,
              activity_session.v1.ListMemoriesResponse>(
                service, METHODID_LIST_MEMORIES)))
        .addMethod(
          getUpdateMemoryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.UpdateMemoryRequest,
              activity_session.v1.Memory>(
                service, METHODID_UPDATE_MEMORY)))
        .addMethod(
          getDeleteMemoryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.DeleteMemoryRequest,
              activity_session.v1.Memory>(
                service, METHODID_DELETE_MEMORY)))
        .addMethod(
          getUndeleteMemoryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.UndeleteMemoryRequest,
              activity_session.v1.Memory>(
                service, METHODID_UNDELETE_MEMORY)))
        .build();
  }

  private static abstract class MemoryServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    MemoryServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return activity_session.v1.MemoryServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("MemoryService");
    }
  }

  private static final class MemoryServiceFileDescriptorSupplier
      extends MemoryServiceBaseDescriptorSupplier {
    MemoryServiceFileDescriptorSupplier() {}
  }

  private static final class MemoryServiceMethodDescriptorSupplier
      extends MemoryServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    MemoryServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (MemoryServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new MemoryServiceFileDescriptorSupplier())
              .addMethod(getCreateMemoryMethod())
              .addMethod(getBatchCreateMemoriesMethod())
              .addMethod(getGetMemoryMethod())
              .addMethod(getListMemoriesMethod())
              .addMethod(getUpdateMemoryMethod())
              .addMethod(getDeleteMemoryMethod())
              .addMethod(getUndeleteMemoryMethod())
              .build();
        }
      }
    }
    return result;
  }
}
