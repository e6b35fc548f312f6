"""Server reflection, v1 and v1alpha, so that grpcurl and its like need no proto files.

grpcio-reflection serves v1alpha only. The messages of v1 are the same on the wire, so the same servicer serves both.
"""

from collections.abc import Iterable
from typing import Any

import grpc
from google.protobuf import text_format
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import Default
from grpc_reflection.v1alpha import reflection, reflection_pb2

from activity_session_server.live.pools import Pool
from activity_session_server.rpc.marks import run_by

_V1 = "grpc.reflection.v1.ServerReflection"
NAMES = (reflection.SERVICE_NAME, _V1)


def add_to(server: grpc.Server, services: Iterable[str], pool: Pool) -> None:
    """Serve the descriptors of the services; by threads of their own, since a stream holds one while it is open."""
    servicer = reflection.ReflectionServicer((*services, *NAMES), _Descriptors())
    handler = grpc.stream_stream_rpc_method_handler(
        run_by(pool, servicer.ServerReflectionInfo),
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": handler}) for name in NAMES)
    )


class _Descriptors:
    """Those of all that this process has imported, and of v1. Methods are found by their full names too."""

    def __init__(self) -> None:
        self._pool = Default()
        try:
            self._pool.FindFileContainingSymbol(_V1)
        except KeyError:
            self._pool.Add(_v1())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:  # noqa: N802
        """Return the file of a full name."""
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            return self._pool.FindMethodByName(symbol).containing_service.file


def _v1() -> FileDescriptorProto:
    """Return the schema of v1, which is that of v1alpha under another name."""
    file = FileDescriptorProto.FromString(reflection_pb2.DESCRIPTOR.serialized_pb)
    return text_format.Parse(text_format.MessageToString(file).replace("v1alpha", "v1"), FileDescriptorProto())
