"""Server reflection, v1 and v1alpha, so that grpcurl and its like need no proto files.

grpcio-reflection serves v1alpha only. The messages of v1 are the same on the wire, so the same servicer serves both.
"""

from collections.abc import Iterable

import grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from activity_session_server.live.pools import Pool
from activity_session_server.rpc.marks import run_by

NAMES = (reflection.SERVICE_NAME, "grpc.reflection.v1.ServerReflection")


def add_to(server: grpc.Server, services: Iterable[str], pool: Pool) -> None:
    """Serve the descriptors of the services; by threads of their own, since a stream holds one while it is open."""
    servicer = reflection.ReflectionServicer((*services, *NAMES))
    handler = grpc.stream_stream_rpc_method_handler(
        run_by(pool, servicer.ServerReflectionInfo),
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": handler}) for name in NAMES)
    )
