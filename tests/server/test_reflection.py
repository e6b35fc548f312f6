"""Server reflection describes all that it lists, to the tools that ask for it as well."""

import functools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from activity_session_testing.conformance import grpcurl
from activity_session_testing.moments import eventually
from activity_session_testing.processes import serving_process
from activity_session_testing.rpcs import RPCS, SERVICES, modules
from activity_session_testing.servers import Client, connected

NAMES = {
    *SERVICES,
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
}
BUF = Path(sys.executable).parent / "buf"
every_version = pytest.mark.parametrize("version", ["v1", "v1alpha"])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in a process of its own: it describes what that has imported, not what the tests have."""
    flags = "--address", "127.0.0.1:0", "--database-url", "sqlite:///:memory:"
    with serving_process(tmp_path_factory.mktemp("server") / "log", *flags) as server:
        yield server.address


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Client]:
    with connected(address) as client:
        yield client


def reflect(client: Client, version: str, *requests: ServerReflectionRequest) -> list[ServerReflectionResponse]:
    """Return the responses of a version of the protocol; the messages of both are the same on the wire."""
    call: Any = client.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=ServerReflectionRequest.SerializeToString,
        response_deserializer=ServerReflectionResponse.FromString,
    )
    return list(call(iter(requests), timeout=10))


def listed(client: Client, version: str) -> set[str]:
    (response,) = reflect(client, version, ServerReflectionRequest(list_services=""))
    return {service.name for service in response.list_services_response.service}


def described(client: Client, version: str, symbols: set[str]) -> set[str]:
    """Return all full names in the files that are returned for some; each file must come with what it imports."""
    found: set[str] = set()
    requests = [ServerReflectionRequest(file_containing_symbol=symbol) for symbol in sorted(symbols)]
    for request, response in zip(requests, reflect(client, version, *requests), strict=True):
        files = [parsed(file) for file in response.file_descriptor_response.file_descriptor_proto]
        names = set().union(*(file.names for file in files))
        assert request.file_containing_symbol in names, response
        assert set().union(*(file.imports for file in files)) <= {file.name for file in files}
        found |= names
    return found


class File:
    """What a file has: the full names of services, methods, messages, fields, enums and their values."""

    def __init__(self, packed: bytes) -> None:
        file = FileDescriptorProto.FromString(packed)
        self.name = file.name
        self.imports = set(file.dependency)
        self.names = {f"{file.package}.{name}" for name in names_in(file)}


parsed = functools.cache(File)


def names_in(scope: Any) -> Iterator[str]:
    """Yield the names in a file, a message or a service; the values of an enum stand beside it, not in it."""
    yield from (child.name for child in children(scope, "field", "method", "enum_type"))
    yield from (value.name for enum in children(scope, "enum_type") for value in enum.value)
    for child in children(scope, "message_type", "nested_type", "service"):
        yield child.name
        yield from (f"{child.name}.{name}" for name in names_in(child))


def children(scope: Any, *kinds: str) -> Iterator[Any]:
    for kind in kinds:
        yield from getattr(scope, kind, ())


@every_version
def test_all_that_is_listed_is_described_down_to_the_last_name(client: Client, version: str) -> None:
    assert listed(client, version) == NAMES
    found = described(client, version, NAMES)
    assert {f"{rpc.descriptor.containing_service.full_name}.{name}" for name, rpc in RPCS.items()} < found
    assert f"grpc.reflection.{version}.ServerReflection.ServerReflectionInfo" in found
    assert described(client, version, found) == found


@every_version
def test_every_name_in_the_protos_is_described(client: Client, version: str) -> None:
    names = set().union(*(parsed(module.DESCRIPTOR.serialized_pb).names for module in modules()))
    assert "activity_session.v1.ERROR_REASON_INVALID_FIELD" in names
    described(client, version, names | {"google.rpc.ErrorInfo", "google.rpc.BadRequest"})


@every_version
@pytest.mark.parametrize("symbol", ["", "x", "activity_session.v1", f"{SERVICES[0]}.Fly", "no.such.Service.Method"])
def test_what_is_not_there_is_not_found(client: Client, version: str, symbol: str) -> None:
    (response,) = reflect(client, version, ServerReflectionRequest(file_containing_symbol=symbol))
    assert response.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


def test_it_is_enough_for_a_client_without_protos(client: Client) -> None:
    database = ProtoReflectionDescriptorDatabase(client.channel)
    assert set(database.get_services()) == NAMES
    file = database.FindFileContainingSymbol("activity_session.v1.SessionService")
    assert "EnsureSession" in {method.name for method in file.service[0].method}


class TestTools:
    def run(self, *command: str | Path) -> str:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_grpcurl_describes_all(self, address: str) -> None:
        if shutil.which(grpcurl.PROGRAM) is None:
            pytest.skip(f"grpcurl is not installed; to run its tests: {grpcurl.HOW_TO_GET}")
        ask = grpcurl.PROGRAM, "-plaintext", address
        assert set(self.run(*ask, "list").split()) == NAMES
        everything = self.run(*ask, "describe")
        assert set(re.findall(r"^(\S+) is a service:", everything, re.MULTILINE)) == NAMES
        for name, rpc in RPCS.items():
            method = rpc.descriptor.full_name
            assert f"rpc {name} (" in self.run(*ask, "describe", method)
            assert "is a message:" in self.run(*ask, "describe", rpc.descriptor.input_type.full_name)

    def test_buf_lists_every_method(self, address: str) -> None:
        flags = "--protocol", "grpc", "--http2-prior-knowledge"
        methods = self.run(BUF, "curl", *flags, "--list-methods", f"http://{address}").split()
        assert {f"{rpc.descriptor.containing_service.full_name}/{name}" for name, rpc in RPCS.items()} < set(methods)


# A loopback address that does not look like one.
@pytest.mark.parametrize(("flag", "is_on"), [("auto", False), ("on", True), ("off", False)])
def test_it_is_off_where_others_than_this_machine_can_ask(tmp_path: Path, flag: str, *, is_on: bool) -> None:
    log = tmp_path / "log"
    flags = (
        "--database-url",
        "sqlite:///:memory:",
        "--address",
        "[::ffff:127.0.0.1]:0",
        "--reflection",
        flag,
        "--allow-anonymous",
    )
    with serving_process(log, *flags) as server:
        assert eventually(lambda: "there is no TLS on this address" in log.read_text())
        with connected(f"127.0.0.1:{server.address.rpartition(':')[2]}") as client:
            assert serves_reflection(client) == is_on


def serves_reflection(client: Client) -> bool:
    try:
        return bool(listed(client, "v1"))
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.UNIMPLEMENTED:
            return False
        raise
