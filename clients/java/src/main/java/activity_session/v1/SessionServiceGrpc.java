package activity_session.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Sessions, and who takes part in them.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class SessionServiceGrpc {

  private SessionServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "activity_session.v1.SessionService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<activity_session.v1.CreateSessionRequest,
      activity_session.v1.Session> getCreateSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateSession",
      requestType = activity_session.v1.CreateSessionRequest.class,
      responseType = activity_session.v1.Session.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.CreateSessionRequest,
      activity_session.v1.Session> getCreateSessionMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.CreateSessionRequest, activity_session.v1.Session> getCreateSessionMethod;
    if ((getCreateSessionMethod = SessionServiceGrpc.getCreateSessionMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getCreateSessionMethod = SessionServiceGrpc.getCreateSessionMethod) == null) {
          SessionServiceGrpc.getCreateSessionMethod = getCreateSessionMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.CreateSessionRequest, activity_session.v1.Session>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateSession"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.CreateSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Session.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("CreateSession"))
              .build();
        }
      }
    }
    return getCreateSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.EnsureSessionRequest,
      activity_session.v1.EnsureSessionResponse> getEnsureSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "EnsureSession",
      requestType = activity_session.v1.EnsureSessionRequest.class,
      responseType = activity_session.v1.EnsureSessionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.EnsureSessionRequest,
      activity_session.v1.EnsureSessionResponse> getEnsureSessionMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.EnsureSessionRequest, activity_session.v1.EnsureSessionResponse> getEnsureSessionMethod;
    if ((getEnsureSessionMethod = SessionServiceGrpc.getEnsureSessionMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getEnsureSessionMethod = SessionServiceGrpc.getEnsureSessionMethod) == null) {
          SessionServiceGrpc.getEnsureSessionMethod = getEnsureSessionMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.EnsureSessionRequest, activity_session.v1.EnsureSessionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "EnsureSession"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.EnsureSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.EnsureSessionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("EnsureSession"))
              .build();
        }
      }
    }
    return getEnsureSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.GetSessionRequest,
      activity_session.v1.Session> getGetSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetSession",
      requestType = activity_session.v1.GetSessionRequest.class,
      responseType = activity_session.v1.Session.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.GetSessionRequest,
      activity_session.v1.Session> getGetSessionMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.GetSessionRequest, activity_session.v1.Session> getGetSessionMethod;
    if ((getGetSessionMethod = SessionServiceGrpc.getGetSessionMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getGetSessionMethod = SessionServiceGrpc.getGetSessionMethod) == null) {
          SessionServiceGrpc.getGetSessionMethod = getGetSessionMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.GetSessionRequest, activity_session.v1.Session>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetSession"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.GetSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Session.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("GetSession"))
              .build();
        }
      }
    }
    return getGetSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.BatchGetSessionsRequest,
      activity_session.v1.BatchGetSessionsResponse> getBatchGetSessionsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BatchGetSessions",
      requestType = activity_session.v1.BatchGetSessionsRequest.class,
      responseType = activity_session.v1.BatchGetSessionsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.BatchGetSessionsRequest,
      activity_session.v1.BatchGetSessionsResponse> getBatchGetSessionsMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.BatchGetSessionsRequest, activity_session.v1.BatchGetSessionsResponse> getBatchGetSessionsMethod;
    if ((getBatchGetSessionsMethod = SessionServiceGrpc.getBatchGetSessionsMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getBatchGetSessionsMethod = SessionServiceGrpc.getBatchGetSessionsMethod) == null) {
          SessionServiceGrpc.getBatchGetSessionsMethod = getBatchGetSessionsMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.BatchGetSessionsRequest, activity_session.v1.BatchGetSessionsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BatchGetSessions"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.BatchGetSessionsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.BatchGetSessionsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("BatchGetSessions"))
              .build();
        }
      }
    }
    return getBatchGetSessionsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.ListSessionsRequest,
      activity_session.v1.ListSessionsResponse> getListSessionsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListSessions",
      requestType = activity_session.v1.ListSessionsRequest.class,
      responseType = activity_session.v1.ListSessionsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.ListSessionsRequest,
      activity_session.v1.ListSessionsResponse> getListSessionsMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.ListSessionsRequest, activity_session.v1.ListSessionsResponse> getListSessionsMethod;
    if ((getListSessionsMethod = SessionServiceGrpc.getListSessionsMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getListSessionsMethod = SessionServiceGrpc.getListSessionsMethod) == null) {
          SessionServiceGrpc.getListSessionsMethod = getListSessionsMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.ListSessionsRequest, activity_session.v1.ListSessionsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListSessions"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.ListSessionsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.ListSessionsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("ListSessions"))
              .build();
        }
      }
    }
    return getListSessionsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.UpdateSessionRequest,
      activity_session.v1.Session> getUpdateSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateSession",
      requestType = activity_session.v1.UpdateSessionRequest.class,
      responseType = activity_session.v1.Session.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.UpdateSessionRequest,
      activity_session.v1.Session> getUpdateSessionMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.UpdateSessionRequest, activity_session.v1.Session> getUpdateSessionMethod;
    if ((getUpdateSessionMethod = SessionServiceGrpc.getUpdateSessionMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getUpdateSessionMethod = SessionServiceGrpc.getUpdateSessionMethod) == null) {
          SessionServiceGrpc.getUpdateSessionMethod = getUpdateSessionMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.UpdateSessionRequest, activity_session.v1.Session>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateSession"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.UpdateSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Session.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("UpdateSession"))
              .build();
        }
      }
    }
    return getUpdateSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.DeleteSessionRequest,
      activity_session.v1.Session> getDeleteSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteSession",
      requestType = activity_session.v1.DeleteSessionRequest.class,
      responseType = activity_session.v1.Session.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.DeleteSessionRequest,
      activity_session.v1.Session> getDeleteSessionMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.DeleteSessionRequest, activity_session.v1.Session> getDeleteSessionMethod;
    if ((getDeleteSessionMethod = SessionServiceGrpc.getDeleteSessionMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getDeleteSessionMethod = SessionServiceGrpc.getDeleteSessionMethod) == null) {
          SessionServiceGrpc.getDeleteSessionMethod = getDeleteSessionMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.DeleteSessionRequest, activity_session.v1.Session>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteSession"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.DeleteSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Session.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("DeleteSession"))
              .build();
        }
      }
    }
    return getDeleteSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.UndeleteSessionRequest,
      activity_session.v1.Session> getUndeleteSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UndeleteSession",
      requestType = activity_session.v1.UndeleteSessionRequest.class,
      responseType = activity_session.v1.Session.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.UndeleteSessionRequest,
      activity_session.v1.Session> getUndeleteSessionMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.UndeleteSessionRequest, activity_session.v1.Session> getUndeleteSessionMethod;
    if ((getUndeleteSessionMethod = SessionServiceGrpc.getUndeleteSessionMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getUndeleteSessionMethod = SessionServiceGrpc.getUndeleteSessionMethod) == null) {
          SessionServiceGrpc.getUndeleteSessionMethod = getUndeleteSessionMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.UndeleteSessionRequest, activity_session.v1.Session>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UndeleteSession"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.UndeleteSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.Session.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("UndeleteSession"))
              .build();
        }
      }
    }
    return getUndeleteSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.ExpungeSessionRequest,
      com.google.protobuf.Empty> getExpungeSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExpungeSession",
      requestType = activity_session.v1.ExpungeSessionRequest.class,
      responseType = com.google.protobuf.Empty.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.ExpungeSessionRequest,
      com.google.protobuf.Empty> getExpungeSessionMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.ExpungeSessionRequest, com.google.protobuf.Empty> getExpungeSessionMethod;
    if ((getExpungeSessionMethod = SessionServiceGrpc.getExpungeSessionMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getExpungeSessionMethod = SessionServiceGrpc.getExpungeSessionMethod) == null) {
          SessionServiceGrpc.getExpungeSessionMethod = getExpungeSessionMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.ExpungeSessionRequest, com.google.protobuf.Empty>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExpungeSession"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.ExpungeSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.google.protobuf.Empty.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("ExpungeSession"))
              .build();
        }
      }
    }
    return getExpungeSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.BindParticipantRequest,
      activity_session.v1.SessionParticipant> getBindParticipantMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BindParticipant",
      requestType = activity_session.v1.BindParticipantRequest.class,
      responseType = activity_session.v1.SessionParticipant.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.BindParticipantRequest,
      activity_session.v1.SessionParticipant> getBindParticipantMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.BindParticipantRequest, activity_session.v1.SessionParticipant> getBindParticipantMethod;
    if ((getBindParticipantMethod = SessionServiceGrpc.getBindParticipantMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getBindParticipantMethod = SessionServiceGrpc.getBindParticipantMethod) == null) {
          SessionServiceGrpc.getBindParticipantMethod = getBindParticipantMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.BindParticipantRequest, activity_session.v1.SessionParticipant>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BindParticipant"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.BindParticipantRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.SessionParticipant.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("BindParticipant"))
              .build();
        }
      }
    }
    return getBindParticipantMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.UnbindParticipantRequest,
      com.google.protobuf.Empty> getUnbindParticipantMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UnbindParticipant",
      requestType = activity_session.v1.UnbindParticipantRequest.class,
      responseType = com.google.protobuf.Empty.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.UnbindParticipantRequest,
      com.google.protobuf.Empty> getUnbindParticipantMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.UnbindParticipantRequest, com.google.protobuf.Empty> getUnbindParticipantMethod;
    if ((getUnbindParticipantMethod = SessionServiceGrpc.getUnbindParticipantMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getUnbindParticipantMethod = SessionServiceGrpc.getUnbindParticipantMethod) == null) {
          SessionServiceGrpc.getUnbindParticipantMethod = getUnbindParticipantMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.UnbindParticipantRequest, com.google.protobuf.Empty>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UnbindParticipant"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.UnbindParticipantRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.google.protobuf.Empty.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("UnbindParticipant"))
              .build();
        }
      }
    }
    return getUnbindParticipantMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.MarkReadRequest,
      activity_session.v1.SessionParticipant> getMarkReadMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "MarkRead",
      requestType = activity_session.v1.MarkReadRequest.class,
      responseType = activity_session.v1.SessionParticipant.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.MarkReadRequest,
      activity_session.v1.SessionParticipant> getMarkReadMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.MarkReadRequest, activity_session.v1.SessionParticipant> getMarkReadMethod;
    if ((getMarkReadMethod = SessionServiceGrpc.getMarkReadMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getMarkReadMethod = SessionServiceGrpc.getMarkReadMethod) == null) {
          SessionServiceGrpc.getMarkReadMethod = getMarkReadMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.MarkReadRequest, activity_session.v1.SessionParticipant>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "MarkRead"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.MarkReadRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.SessionParticipant.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("MarkRead"))
              .build();
        }
      }
    }
    return getMarkReadMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.AcquireTurnRequest,
      activity_session.v1.TurnLease> getAcquireTurnMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AcquireTurn",
      requestType = activity_session.v1.AcquireTurnRequest.class,
      responseType = activity_session.v1.TurnLease.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.AcquireTurnRequest,
      activity_session.v1.TurnLease> getAcquireTurnMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.AcquireTurnRequest, activity_session.v1.TurnLease> getAcquireTurnMethod;
    if ((getAcquireTurnMethod = SessionServiceGrpc.getAcquireTurnMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getAcquireTurnMethod = SessionServiceGrpc.getAcquireTurnMethod) == null) {
          SessionServiceGrpc.getAcquireTurnMethod = getAcquireTurnMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.AcquireTurnRequest, activity_session.v1.TurnLease>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AcquireTurn"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.AcquireTurnRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.TurnLease.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("AcquireTurn"))
              .build();
        }
      }
    }
    return getAcquireTurnMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.RenewTurnRequest,
      activity_session.v1.TurnLease> getRenewTurnMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RenewTurn",
      requestType = activity_session.v1.RenewTurnRequest.class,
      responseType = activity_session.v1.TurnLease.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.RenewTurnRequest,
      activity_session.v1.TurnLease> getRenewTurnMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.RenewTurnRequest, activity_session.v1.TurnLease> getRenewTurnMethod;
    if ((getRenewTurnMethod = SessionServiceGrpc.getRenewTurnMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getRenewTurnMethod = SessionServiceGrpc.getRenewTurnMethod) == null) {
          SessionServiceGrpc.getRenewTurnMethod = getRenewTurnMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.RenewTurnRequest, activity_session.v1.TurnLease>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RenewTurn"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.RenewTurnRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.TurnLease.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("RenewTurn"))
              .build();
        }
      }
    }
    return getRenewTurnMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.ReleaseTurnRequest,
      com.google.protobuf.Empty> getReleaseTurnMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReleaseTurn",
      requestType = activity_session.v1.ReleaseTurnRequest.class,
      responseType = com.google.protobuf.Empty.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<activity_session.v1.ReleaseTurnRequest,
      com.google.protobuf.Empty> getReleaseTurnMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.ReleaseTurnRequest, com.google.protobuf.Empty> getReleaseTurnMethod;
    if ((getReleaseTurnMethod = SessionServiceGrpc.getReleaseTurnMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getReleaseTurnMethod = SessionServiceGrpc.getReleaseTurnMethod) == null) {
          SessionServiceGrpc.getReleaseTurnMethod = getReleaseTurnMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.ReleaseTurnRequest, com.google.protobuf.Empty>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReleaseTurn"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.ReleaseTurnRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.google.protobuf.Empty.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("ReleaseTurn"))
              .build();
        }
      }
    }
    return getReleaseTurnMethod;
  }

  private static volatile io.grpc.MethodDescriptor<activity_session.v1.WatchSessionRequest,
      activity_session.v1.WatchSessionResponse> getWatchSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchSession",
      requestType = activity_session.v1.WatchSessionRequest.class,
      responseType = activity_session.v1.WatchSessionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<activity_session.v1.WatchSessionRequest,
      activity_session.v1.WatchSessionResponse> getWatchSessionMethod() {
    io.grpc.MethodDescriptor<activity_session.v1.WatchSessionRequest, activity_session.v1.WatchSessionResponse> getWatchSessionMethod;
    if ((getWatchSessionMethod = SessionServiceGrpc.getWatchSessionMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getWatchSessionMethod = SessionServiceGrpc.getWatchSessionMethod) == null) {
          SessionServiceGrpc.getWatchSessionMethod = getWatchSessionMethod =
              io.grpc.MethodDescriptor.<activity_session.v1.WatchSessionRequest, activity_session.v1.WatchSessionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchSession"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.WatchSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  activity_session.v1.WatchSessionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("WatchSession"))
              .build();
        }
      }
    }
    return getWatchSessionMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static SessionServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SessionServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SessionServiceStub>() {
        @java.lang.Override
        public SessionServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SessionServiceStub(channel, callOptions);
        }
      };
    return SessionServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static SessionServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SessionServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SessionServiceBlockingStub>() {
        @java.lang.Override
        public SessionServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SessionServiceBlockingStub(channel, callOptions);
        }
      };
    return SessionServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static SessionServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SessionServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SessionServiceFutureStub>() {
        @java.lang.Override
        public SessionServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SessionServiceFutureStub(channel, callOptions);
        }
      };
    return SessionServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Sessions, and who takes part in them.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Creates a session and binds the participants it names.
     * </pre>
     */
    default void createSession(activity_session.v1.CreateSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Session> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Gets the session of that id, creating it when there is none. Of any number
     * of concurrent first callers exactly one creates, and all get the same
     * session; participants that are not bound yet are bound.
     * </pre>
     */
    default void ensureSession(activity_session.v1.EnsureSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.EnsureSessionResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getEnsureSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads a session, also a deleted one.
     * </pre>
     */
    default void getSession(activity_session.v1.GetSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Session> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads several sessions of a namespace at one moment: all, or NOT_FOUND.
     * </pre>
     */
    default void batchGetSessions(activity_session.v1.BatchGetSessionsRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.BatchGetSessionsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBatchGetSessionsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the sessions of a namespace in pages that stay stable while sessions
     * come and go. A page can end early, to fit the size of an answer.
     * </pre>
     */
    default void listSessions(activity_session.v1.ListSessionsRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.ListSessionsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListSessionsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes the masked fields of a session in one step.
     * </pre>
     */
    default void updateSession(activity_session.v1.UpdateSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Session> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes a session softly: it can be read and brought back until its purge
     * time, and its name stays taken until it is expunged.
     * </pre>
     */
    default void deleteSession(activity_session.v1.DeleteSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Session> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Brings a deleted session back. An expiry that has passed is cleared.
     * </pre>
     */
    default void undeleteSession(activity_session.v1.UndeleteSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Session> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUndeleteSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes a deleted session for good. One with memories needs `force`, which
     * removes those too.
     * </pre>
     */
    default void expungeSession(activity_session.v1.ExpungeSessionRequest request,
        io.grpc.stub.StreamObserver<com.google.protobuf.Empty> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExpungeSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Makes a participant a member of a session, or gives a member another role.
     * Nothing changes when it is a member with that role already.
     * </pre>
     */
    default void bindParticipant(activity_session.v1.BindParticipantRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.SessionParticipant> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBindParticipantMethod(), responseObserver);
    }

    /**
     * <pre>
     * Ends a membership. Nothing changes when there is none.
     * </pre>
     */
    default void unbindParticipant(activity_session.v1.UnbindParticipantRequest request,
        io.grpc.stub.StreamObserver<com.google.protobuf.Empty> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUnbindParticipantMethod(), responseObserver);
    }

    /**
     * <pre>
     * Tells how far a member has read. The number only moves forward: one that is
     * not larger changes nothing.
     * </pre>
     */
    default void markRead(activity_session.v1.MarkReadRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.SessionParticipant> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getMarkReadMethod(), responseObserver);
    }

    /**
     * <pre>
     * Takes the turn. While another participant holds it the call is refused with
     * TURN_HELD, or waits with `wait`. A participant that holds the turn already
     * gets it anew, with a new token.
     * </pre>
     */
    default void acquireTurn(activity_session.v1.AcquireTurnRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.TurnLease> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAcquireTurnMethod(), responseObserver);
    }

    /**
     * <pre>
     * Keeps the turn for another while, counted from now.
     * </pre>
     */
    default void renewTurn(activity_session.v1.RenewTurnRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.TurnLease> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRenewTurnMethod(), responseObserver);
    }

    /**
     * <pre>
     * Hands the turn back. Doing so twice changes nothing, unless another one has
     * taken the turn since.
     * </pre>
     */
    default void releaseTurn(activity_session.v1.ReleaseTurnRequest request,
        io.grpc.stub.StreamObserver<com.google.protobuf.Empty> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReleaseTurnMethod(), responseObserver);
    }

    /**
     * <pre>
     * Follows a session: first the events that are there after
     * `after_sequence`, then the session as it is and a bookmark, then what
     * comes. Each event comes exactly once and in order, so that a client that is
     * cut off resumes after the last number it has seen. A slow reader slows only
     * itself, until it is too far behind.
     * </pre>
     */
    default void watchSession(activity_session.v1.WatchSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.WatchSessionResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchSessionMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service SessionService.
   * <pre>
   * Sessions, and who takes part in them.
   * </pre>
   */
  public static abstract class SessionServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return SessionServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service SessionService.
   * <pre>
   * Sessions, and who takes part in them.
   * </pre>
   */
  public static final class SessionServiceStub
      extends io.grpc.stub.AbstractAsyncStub<SessionServiceStub> {
    private SessionServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SessionServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SessionServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a session and binds the participants it names.
     * </pre>
     */
    public void createSession(activity_session.v1.CreateSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Session> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Gets the session of that id, creating it when there is none. Of any number
     * of concurrent first callers exactly one creates, and all get the same
     * session; participants that are not bound yet are bound.
     * </pre>
     */
    public void ensureSession(activity_session.v1.EnsureSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.EnsureSessionResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getEnsureSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads a session, also a deleted one.
     * </pre>
     */
    public void getSession(activity_session.v1.GetSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Session> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads several sessions of a namespace at one moment: all, or NOT_FOUND.
     * </pre>
     */
    public void batchGetSessions(activity_session.v1.BatchGetSessionsRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.BatchGetSessionsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBatchGetSessionsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the sessions of a namespace in pages that stay stable while sessions
     * come and go. A page can end early, to fit the size of an answer.
     * </pre>
     */
    public void listSessions(activity_session.v1.ListSessionsRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.ListSessionsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListSessionsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes the masked fields of a session in one step.
     * </pre>
     */
    public void updateSession(activity_session.v1.UpdateSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Session> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes a session softly: it can be read and brought back until its purge
     * time, and its name stays taken until it is expunged.
     * </pre>
     */
    public void deleteSession(activity_session.v1.DeleteSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Session> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Brings a deleted session back. An expiry that has passed is cleared.
     * </pre>
     */
    public void undeleteSession(activity_session.v1.UndeleteSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.Session> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUndeleteSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes a deleted session for good. One with memories needs `force`, which
     * removes those too.
     * </pre>
     */
    public void expungeSession(activity_session.v1.ExpungeSessionRequest request,
        io.grpc.stub.StreamObserver<com.google.protobuf.Empty> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getExpungeSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Makes a participant a member of a session, or gives a member another role.
     * Nothing changes when it is a member with that role already.
     * </pre>
     */
    public void bindParticipant(activity_session.v1.BindParticipantRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.SessionParticipant> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBindParticipantMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Ends a membership. Nothing changes when there is none.
     * </pre>
     */
    public void unbindParticipant(activity_session.v1.UnbindParticipantRequest request,
        io.grpc.stub.StreamObserver<com.google.protobuf.Empty> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUnbindParticipantMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Tells how far a member has read. The number only moves forward: one that is
     * not larger changes nothing.
     * </pre>
     */
    public void markRead(activity_session.v1.MarkReadRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.SessionParticipant> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getMarkReadMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Takes the turn. While another participant holds it the call is refused with
     * TURN_HELD, or waits with `wait`. A participant that holds the turn already
     * gets it anew, with a new token.
     * </pre>
     */
    public void acquireTurn(activity_session.v1.AcquireTurnRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.TurnLease> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAcquireTurnMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Keeps the turn for another while, counted from now.
     * </pre>
     */
    public void renewTurn(activity_session.v1.RenewTurnRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.TurnLease> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRenewTurnMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Hands the turn back. Doing so twice changes nothing, unless another one has
     * taken the turn since.
     * </pre>
     */
    public void releaseTurn(activity_session.v1.ReleaseTurnRequest request,
        io.grpc.stub.StreamObserver<com.google.protobuf.Empty> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReleaseTurnMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Follows a session: first the events that are there after
     * `after_sequence`, then the session as it is and a bookmark, then what
     * comes. Each event comes exactly once and in order, so that a client that is
     * cut off resumes after the last number it has seen. A slow reader slows only
     * itself, until it is too far behind.
     * </pre>
     */
    public void watchSession(activity_session.v1.WatchSessionRequest request,
        io.grpc.stub.StreamObserver<activity_session.v1.WatchSessionResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchSessionMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service SessionService.
   * <pre>
   * Sessions, and who takes part in them.
   * </pre>
   */
  public static final class SessionServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<SessionServiceBlockingStub> {
    private SessionServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SessionServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SessionServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a session and binds the participants it names.
     * </pre>
     */
    public activity_session.v1.Session createSession(activity_session.v1.CreateSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Gets the session of that id, creating it when there is none. Of any number
     * of concurrent first callers exactly one creates, and all get the same
     * session; participants that are not bound yet are bound.
     * </pre>
     */
    public activity_session.v1.EnsureSessionResponse ensureSession(activity_session.v1.EnsureSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getEnsureSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads a session, also a deleted one.
     * </pre>
     */
    public activity_session.v1.Session getSession(activity_session.v1.GetSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads several sessions of a namespace at one moment: all, or NOT_FOUND.
     * </pre>
     */
    public activity_session.v1.BatchGetSessionsResponse batchGetSessions(activity_session.v1.BatchGetSessionsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBatchGetSessionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the sessions of a namespace in pages that stay stable while sessions
     * come and go. A page can end early, to fit the size of an answer.
     * </pre>
     */
    public activity_session.v1.ListSessionsResponse listSessions(activity_session.v1.ListSessionsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListSessionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the masked fields of a session in one step.
     * </pre>
     */
    public activity_session.v1.Session updateSession(activity_session.v1.UpdateSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a session softly: it can be read and brought back until its purge
     * time, and its name stays taken until it is expunged.
     * </pre>
     */
    public activity_session.v1.Session deleteSession(activity_session.v1.DeleteSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Brings a deleted session back. An expiry that has passed is cleared.
     * </pre>
     */
    public activity_session.v1.Session undeleteSession(activity_session.v1.UndeleteSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUndeleteSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a deleted session for good. One with memories needs `force`, which
     * removes those too.
     * </pre>
     */
    public com.google.protobuf.Empty expungeSession(activity_session.v1.ExpungeSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getExpungeSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes a participant a member of a session, or gives a member another role.
     * Nothing changes when it is a member with that role already.
     * </pre>
     */
    public activity_session.v1.SessionParticipant bindParticipant(activity_session.v1.BindParticipantRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBindParticipantMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends a membership. Nothing changes when there is none.
     * </pre>
     */
    public com.google.protobuf.Empty unbindParticipant(activity_session.v1.UnbindParticipantRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUnbindParticipantMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells how far a member has read. The number only moves forward: one that is
     * not larger changes nothing.
     * </pre>
     */
    public activity_session.v1.SessionParticipant markRead(activity_session.v1.MarkReadRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getMarkReadMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes the turn. While another participant holds it the call is refused with
     * TURN_HELD, or waits with `wait`. A participant that holds the turn already
     * gets it anew, with a new token.
     * </pre>
     */
    public activity_session.v1.TurnLease acquireTurn(activity_session.v1.AcquireTurnRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAcquireTurnMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Keeps the turn for another while, counted from now.
     * </pre>
     */
    public activity_session.v1.TurnLease renewTurn(activity_session.v1.RenewTurnRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRenewTurnMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Hands the turn back. Doing so twice changes nothing, unless another one has
     * taken the turn since.
     * </pre>
     */
    public com.google.protobuf.Empty releaseTurn(activity_session.v1.ReleaseTurnRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReleaseTurnMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Follows a session: first the events that are there after
     * `after_sequence`, then the session as it is and a bookmark, then what
     * comes. Each event comes exactly once and in order, so that a client that is
     * cut off resumes after the last number it has seen. A slow reader slows only
     * itself, until it is too far behind.
     * </pre>
     */
    public java.util.Iterator<activity_session.v1.WatchSessionResponse> watchSession(
        activity_session.v1.WatchSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchSessionMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service SessionService.
   * <pre>
   * Sessions, and who takes part in them.
   * </pre>
   */
  public static final class SessionServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<SessionServiceFutureStub> {
    private SessionServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SessionServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SessionServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a session and binds the participants it names.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Session> createSession(
        activity_session.v1.CreateSessionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Gets the session of that id, creating it when there is none. Of any number
     * of concurrent first callers exactly one creates, and all get the same
     * session; participants that are not bound yet are bound.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.EnsureSessionResponse> ensureSession(
        activity_session.v1.EnsureSessionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getEnsureSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads a session, also a deleted one.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Session> getSession(
        activity_session.v1.GetSessionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads several sessions of a namespace at one moment: all, or NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.BatchGetSessionsResponse> batchGetSessions(
        activity_session.v1.BatchGetSessionsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBatchGetSessionsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the sessions of a namespace in pages that stay stable while sessions
     * come and go. A page can end early, to fit the size of an answer.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.ListSessionsResponse> listSessions(
        activity_session.v1.ListSessionsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListSessionsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes the masked fields of a session in one step.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Session> updateSession(
        activity_session.v1.UpdateSessionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes a session softly: it can be read and brought back until its purge
     * time, and its name stays taken until it is expunged.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Session> deleteSession(
        activity_session.v1.DeleteSessionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Brings a deleted session back. An expiry that has passed is cleared.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.Session> undeleteSession(
        activity_session.v1.UndeleteSessionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUndeleteSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes a deleted session for good. One with memories needs `force`, which
     * removes those too.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<com.google.protobuf.Empty> expungeSession(
        activity_session.v1.ExpungeSessionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getExpungeSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Makes a participant a member of a session, or gives a member another role.
     * Nothing changes when it is a member with that role already.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.SessionParticipant> bindParticipant(
        activity_session.v1.BindParticipantRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBindParticipantMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Ends a membership. Nothing changes when there is none.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<com.google.protobuf.Empty> unbindParticipant(
        activity_session.v1.UnbindParticipantRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUnbindParticipantMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Tells how far a member has read. The number only moves forward: one that is
     * not larger changes nothing.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.SessionParticipant> markRead(
        activity_session.v1.MarkReadRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getMarkReadMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Takes the turn. While another participant holds it the call is refused with
     * TURN_HELD, or waits with `wait`. A participant that holds the turn already
     * gets it anew, with a new token.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.TurnLease> acquireTurn(
        activity_session.v1.AcquireTurnRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAcquireTurnMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Keeps the turn for another while, counted from now.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<activity_session.v1.TurnLease> renewTurn(
        activity_session.v1.RenewTurnRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRenewTurnMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Hands the turn back. Doing so twice changes nothing, unless another one has
     * taken the turn since.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<com.google.protobuf.Empty> releaseTurn(
        activity_session.v1.ReleaseTurnRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReleaseTurnMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_SESSION = 0;
  private static final int METHODID_ENSURE_SESSION = 1;
  private static final int METHODID_GET_SESSION = 2;
  private static final int METHODID_BATCH_GET_SESSIONS = 3;
  private static final int METHODID_LIST_SESSIONS = 4;
  private static final int METHODID_UPDATE_SESSION = 5;
  private static final int METHODID_DELETE_SESSION = 6;
  private static final int METHODID_UNDELETE_SESSION = 7;
  private static final int METHODID_EXPUNGE_SESSION = 8;
  private static final int METHODID_BIND_PARTICIPANT = 9;
  private static final int METHODID_UNBIND_PARTICIPANT = 10;
  private static final int METHODID_MARK_READ = 11;
  private static final int METHODID_ACQUIRE_TURN = 12;
  private static final int METHODID_RENEW_TURN = 13;
  private static final int METHODID_RELEASE_TURN = 14;
  private static final int METHODID_WATCH_SESSION = 15;

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
        case METHODID_CREATE_SESSION:
          serviceImpl.createSession((activity_session.v1.CreateSessionRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Session>) responseObserver);
          break;
        case METHODID_ENSURE_SESSION:
          serviceImpl.ensureSession((activity_session.v1.EnsureSessionRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.EnsureSessionResponse>) responseObserver);
          break;
        case METHODID_GET_SESSION:
          serviceImpl.getSession((activity_session.v1.GetSessionRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Session>) responseObserver);
          break;
        case METHODID_BATCH_GET_SESSIONS:
          serviceImpl.batchGetSessions((activity_session.v1.BatchGetSessionsRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.BatchGetSessionsResponse>) responseObserver);
          break;
        case METHODID_LIST_SESSIONS:
          serviceImpl.listSessions((activity_session.v1.ListSessionsRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.ListSessionsResponse>) responseObserver);
          break;
        case METHODID_UPDATE_SESSION:
          serviceImpl.updateSession((activity_session.v1.UpdateSessionRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Session>) responseObserver);
          break;
        case METHODID_DELETE_SESSION:
          serviceImpl.deleteSession((activity_session.v1.DeleteSessionRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Session>) responseObserver);
          break;
        case METHODID_UNDELETE_SESSION:
          serviceImpl.undeleteSession((activity_session.v1.UndeleteSessionRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.Session>) responseObserver);
          break;
        case METHODID_EXPUNGE_SESSION:
          serviceImpl.expungeSession((activity_session.v1.ExpungeSessionRequest) request,
              (io.grpc.stub.StreamObserver<com.google.protobuf.Empty>) responseObserver);
          break;
        case METHODID_BIND_PARTICIPANT:
          serviceImpl.bindParticipant((activity_session.v1.BindParticipantRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.SessionParticipant>) responseObserver);
          break;
        case METHODID_UNBIND_PARTICIPANT:
          serviceImpl.unbindParticipant((activity_session.v1.UnbindParticipantRequest) request,
              (io.grpc.stub.StreamObserver<com.google.protobuf.Empty>) responseObserver);
          break;
        case METHODID_MARK_READ:
          serviceImpl.markRead((activity_session.v1.MarkReadRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.SessionParticipant>) responseObserver);
          break;
        case METHODID_ACQUIRE_TURN:
          serviceImpl.acquireTurn((activity_session.v1.AcquireTurnRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.TurnLease>) responseObserver);
          break;
        case METHODID_RENEW_TURN:
          serviceImpl.renewTurn((activity_session.v1.RenewTurnRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.TurnLease>) responseObserver);
          break;
        case METHODID_RELEASE_TURN:
          serviceImpl.releaseTurn((activity_session.v1.ReleaseTurnRequest) request,
              (io.grpc.stub.StreamObserver<com.google.protobuf.Empty>) responseObserver);
          break;
        case METHODID_WATCH_SESSION:
          serviceImpl.watchSession((activity_session.v1.WatchSessionRequest) request,
              (io.grpc.stub.StreamObserver<activity_session.v1.WatchSessionResponse>) responseObserver);
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
          getCreateSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.CreateSessionRequest,
              activity_session.v1.Session>(
                service, METHODID_CREATE_SESSION)))
        .addMethod(
          getEnsureSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.EnsureSessionRequest,
              activity_session.v1.EnsureSessionResponse>(
                service, METHODID_ENSURE_SESSION)))
        .addMethod(
          getGetSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.GetSessionRequest,
              activity_session.v1.Session>(
                service, METHODID_GET_SESSION)))
        .addMethod(
          getBatchGetSessionsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.BatchGetSessionsRequest,
              activity_session.v1.BatchGetSessionsResponse>(
                service, METHODID_BATCH_GET_SESSIONS)))
        .addMethod(
          getListSessionsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.ListSessionsRequest,
              activity_session.v1.ListSessionsResponse>(
                service, METHODID_LIST_SESSIONS)))
        .addMethod(
          getUpdateSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.UpdateSessionRequest,
              activity_session.v1.Session>(
                service, METHODID_UPDATE_SESSION)))
        .addMethod(
          getDeleteSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.DeleteSessionRequest,
              activity_session.v1.Session>(
                service, METHODID_DELETE_SESSION)))
        .addMethod(
          getUndeleteSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.UndeleteSessionRequest,
              activity_session.v1.Session>(
                service, METHODID_UNDELETE_SESSION)))
        .addMethod(
          getExpungeSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.ExpungeSessionRequest,
              com.google.protobuf.Empty>(
                service, METHODID_EXPUNGE_SESSION)))
        .addMethod(
          getBindParticipantMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.BindParticipantRequest,
              activity_session.v1.SessionParticipant>(
                service, METHODID_BIND_PARTICIPANT)))
        .addMethod(
          getUnbindParticipantMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.UnbindParticipantRequest,
              com.google.protobuf.Empty>(
                service, METHODID_UNBIND_PARTICIPANT)))
        .addMethod(
          getMarkReadMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.MarkReadRequest,
              activity_session.v1.SessionParticipant>(
                service, METHODID_MARK_READ)))
        .addMethod(
          getAcquireTurnMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.AcquireTurnRequest,
              activity_session.v1.TurnLease>(
                service, METHODID_ACQUIRE_TURN)))
        .addMethod(
          getRenewTurnMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.RenewTurnRequest,
              activity_session.v1.TurnLease>(
                service, METHODID_RENEW_TURN)))
        .addMethod(
          getReleaseTurnMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              activity_session.v1.ReleaseTurnRequest,
              com.google.protobuf.Empty>(
                service, METHODID_RELEASE_TURN)))
        .addMethod(
          getWatchSessionMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              activity_session.v1.WatchSessionRequest,
              activity_session.v1.WatchSessionResponse>(
                service, METHODID_WATCH_SESSION)))
        .build();
  }

  private static abstract class SessionServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    SessionServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return activity_session.v1.SessionServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("SessionService");
    }
  }

  private static final class SessionServiceFileDescriptorSupplier
      extends SessionServiceBaseDescriptorSupplier {
    SessionServiceFileDescriptorSupplier() {}
  }

  private static final class SessionServiceMethodDescriptorSupplier
      extends SessionServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    SessionServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (SessionServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new SessionServiceFileDescriptorSupplier())
              .addMethod(getCreateSessionMethod())
              .addMethod(getEnsureSessionMethod())
              .addMethod(getGetSessionMethod())
              .addMethod(getBatchGetSessionsMethod())
              .addMethod(getListSessionsMethod())
              .addMethod(getUpdateSessionMethod())
              .addMethod(getDeleteSessionMethod())
              .addMethod(getUndeleteSessionMethod())
              .addMethod(getExpungeSessionMethod())
              .addMethod(getBindParticipantMethod())
              .addMethod(getUnbindParticipantMethod())
              .addMethod(getMarkReadMethod())
              .addMethod(getAcquireTurnMethod())
              .addMethod(getRenewTurnMethod())
              .addMethod(getReleaseTurnMethod())
              .addMethod(getWatchSessionMethod())
              .build();
        }
      }
    }
    return result;
  }
}
