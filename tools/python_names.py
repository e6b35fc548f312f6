#!/usr/bin/env python3
"""A plugin of protoc that writes `activity_session/v1/__init__.py`: every name of the API, loaded when it is used."""

import sys
from collections.abc import Iterator, Mapping

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorProto

HEADER = '''\
"""Version 1 of the API: each message, enum, value of an enum, and stub by its name, such as `v1.Event`.

A name is loaded when it is first used: messages and enums load no gRPC, stubs do.
"""
# Generated from the protos by tools/python_names.py. DO NOT EDIT!

from typing import TYPE_CHECKING

'''


def main() -> None:
    """Give protoc, which runs this, the file that it is to write."""
    request = CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    files = sorted(request.proto_file, key=lambda file: file.name)
    homes = {name: home for file in files if file.name in request.file_to_generate for name, home in homes_of(file)}
    response = CodeGeneratorResponse(supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL)
    content = "".join(f"{line}\n" for line in body(homes))
    response.file.add(name="activity_session/v1/__init__.py", content=HEADER + content)
    sys.stdout.buffer.write(response.SerializeToString())


def homes_of(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    """The names that a file declares, and the generated module that each is in."""
    module = file.name.rpartition("/")[2].removesuffix(".proto") + "_pb2"
    yield from ((message.name, module) for message in file.message_type)
    for enum in file.enum_type:
        yield enum.name, module
        yield from ((value.name, module) for value in enum.value)
    yield from ((f"{service.name}Stub", f"{module}_grpc") for service in file.service)


def body(homes: Mapping[str, str]) -> Iterator[str]:
    """The lines that type checkers read, and those that run."""
    yield "if TYPE_CHECKING:"
    yield from (f"    from activity_session.v1.{home} import {name} as {name}" for name, home in homes.items())
    yield "else:"
    yield "    from activity_session._lazy import lazy"
    yield "    from activity_session._texts import naming"
    yield ""
    yield "    _HOMES = {"
    yield from (f'        "{name}": "{home}",' for name, home in homes.items())
    yield "    }"
    yield "    __all__, __getattr__, __dir__ = lazy(__name__, _HOMES, naming)"


if __name__ == "__main__":
    main()
