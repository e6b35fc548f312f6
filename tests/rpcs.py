"""Every RPC of the API, found from the descriptors, so that a test over all of them misses no new one."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import grpc
from google.api import annotations_pb2
from google.protobuf import message_factory
from google.protobuf.message import Message

from activity_session import v1


def modules() -> list[Any]:
    """The generated modules of all proto files."""
    found = sorted(module.name for module in pkgutil.iter_modules(v1.__path__))
    return [importlib.import_module(f"{v1.__name__}.{name}") for name in found if name.endswith("_pb2")]


class Rpc:
    """One unary RPC."""

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
    def is_mutating(self) -> bool:
        return not self.http.get

    def on(self, channel: grpc.Channel) -> Any:
        """What calls it with a message."""
        serialize = self.request_class.SerializeToString
        return channel.unary_unary(self._path, serialize, self.answer_class.FromString)

    def raw_on(self, channel: grpc.Channel) -> Any:
        """What calls it with bytes, and answers bytes."""
        return channel.unary_unary(self._path)

    @property
    def _path(self) -> str:
        return f"/{self.descriptor.containing_service.full_name}/{self.name}"


def _all_rpcs() -> Iterator[Rpc]:
    for module in modules():
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from map(Rpc, service.methods)


RPCS = {rpc.name: rpc for rpc in _all_rpcs()}
MUTATING = {name: rpc for name, rpc in RPCS.items() if rpc.is_mutating}
