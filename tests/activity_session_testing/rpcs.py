"""Every RPC of the API, found from the descriptors, so that a test over all of them misses no new one."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.api import annotations_pb2
from google.protobuf import message_factory
from google.protobuf.message import Message

from activity_session import v1
from activity_session_testing.servers import DEADLINE

# Repeating one of these changes nothing, even from another caller: they need no request id.
IDEMPOTENT = {"MarkRead", "RenewTurn", "ReleaseTurn"}
# A read that can be counted, and takes a request id for that.
COUNTED = {"GetMemory"}


def modules() -> list[Any]:
    """Return the generated modules of all proto files."""
    found = sorted(module.name for module in pkgutil.iter_modules(v1.__path__))
    return [importlib.import_module(f"{v1.__name__}.{name}") for name in found if name.endswith("_pb2")]


class Rpc:
    """One RPC. One that returns a stream is called as if it returned only the first message."""

    def __init__(self, descriptor: Any) -> None:
        self.descriptor = descriptor
        self.name: str = descriptor.name
        self.request_class: type[Message] = message_factory.GetMessageClass(descriptor.input_type)
        self.answer_class: type[Message] = message_factory.GetMessageClass(descriptor.output_type)

    @property
    def http(self) -> Any:
        """Its `google.api.http` annotation."""
        return self.descriptor.GetOptions().Extensions[annotations_pb2.http]

    @property
    def bindings(self) -> list[Any]:
        """Return all HTTP bindings of the RPC."""
        return [self.http, *self.http.additional_bindings]

    @property
    def is_mutating(self) -> bool:
        return not self.http.get

    @property
    def takes_request_id(self) -> bool:
        return "request_id" in self.request_class.DESCRIPTOR.fields_by_name

    def on(self, channel: grpc.Channel) -> Any:
        """Return a function that calls it with a message."""
        return self._on(channel, self.request_class.SerializeToString, self.answer_class.FromString)

    def raw_on(self, channel: grpc.Channel) -> Any:
        """Return a function that calls it with bytes, and returns bytes."""
        return self._on(channel, None, None)

    def _on(self, channel: grpc.Channel, serialize: Any, parse: Any) -> Any:
        if self.descriptor.server_streaming:
            return _first_of(channel.unary_stream(self.path, serialize, parse))
        return channel.unary_unary(self.path, serialize, parse)

    @property
    def path(self) -> str:
        """Return its path in gRPC."""
        return f"/{self.descriptor.containing_service.full_name}/{self.name}"


def _first_of(call: Any) -> Callable[..., Any]:
    """Return a function that returns the first message of a stream, or fails with its error, and cancels the stream."""

    def first(request: Any, timeout: float = DEADLINE) -> Any:
        stream = call(request, timeout=timeout)
        try:
            return next(stream)
        finally:
            stream.cancel()

    return first


def _all_rpcs() -> Iterator[Rpc]:
    for module in modules():
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from map(Rpc, service.methods)


RPCS = {rpc.name: rpc for rpc in _all_rpcs()}
MUTATING = {name: rpc for name, rpc in RPCS.items() if rpc.is_mutating}
WITH_REQUEST_ID = {name: rpc for name, rpc in RPCS.items() if rpc.takes_request_id}
SERVICES = sorted({rpc.descriptor.containing_service.full_name for rpc in RPCS.values()})
