"""Servers for tests, and clients that call them."""

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from activity_session.v1.event_service_pb2_grpc import EventServiceStub
from activity_session.v1.info_service_pb2_grpc import InfoServiceStub
from activity_session.v1.memory_service_pb2_grpc import MemoryServiceStub
from activity_session.v1.namespace_service_pb2_grpc import NamespaceServiceStub
from activity_session.v1.participant_service_pb2_grpc import ParticipantServiceStub
from activity_session.v1.session_service_pb2_grpc import SessionServiceStub
from activity_session_server import app
from activity_session_server.settings import Settings
from activity_session_server.store import schema

DEADLINE = 20.0
# Of a client: it has room for 64 KiB that it has not read, where gRPC would make that more and more.
SMALL_WINDOW = ("grpc.http2.bdp_probe", 0)
_ROUND_ROBIN = '{"loadBalancingConfig": [{"round_robin": {}}]}'
DETAILS_KEY = "grpc-status-details-bin"


class Client:
    """All stubs on one channel; every call has a deadline, and a `with` block closes the channel.

    An address may have several servers (`ipv4:HOST:PORT,HOST:PORT`): each call goes to the next one.
    """

    def __init__(
        self,
        address: str,
        *options: tuple[str, Any],
        credentials: grpc.ChannelCredentials | None = None,
        token: str = "",
    ) -> None:
        # Tests of the server's limits send more than gRPC allows by default.
        usual = (
            ("grpc.max_receive_message_length", 64 * 1024 * 1024),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.service_config", _ROUND_ROBIN),
        )
        channel = (
            grpc.secure_channel(address, credentials, usual + options)
            if credentials
            else grpc.insecure_channel(address, usual + options)
        )
        self.channel = grpc.intercept_channel(channel, _Deadline(), *([_Token(token)] if token else []))
        self.events = EventServiceStub(self.channel)
        self.info = InfoServiceStub(self.channel)
        self.memories = MemoryServiceStub(self.channel)
        self.namespaces = NamespaceServiceStub(self.channel)
        self.participants = ParticipantServiceStub(self.channel)
        self.sessions = SessionServiceStub(self.channel)


class _Deadline(grpc.UnaryUnaryClientInterceptor):
    """A call that hangs fails its test instead of hanging it."""

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        if client_call_details.timeout is None:
            client_call_details = client_call_details._replace(timeout=DEADLINE)
        return continuation(client_call_details, request)


class _Token(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Sends a bearer token with each call."""

    def __init__(self, token: str) -> None:
        self._metadata = (("authorization", f"Bearer {token}"),)

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return continuation(self._added_to(client_call_details), request)

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return continuation(self._added_to(client_call_details), request)

    def _added_to(self, details: Any) -> Any:
        return details._replace(metadata=(*(details.metadata or ()), *self._metadata))


@contextlib.contextmanager
def serving(database_url: str, **settings: Any) -> Iterator[app.App]:
    """Run a server on a free port, with the database migrated."""
    if not database_url.startswith("sqlite"):
        schema.migrate_url(database_url)
    with app.running(Settings(address="127.0.0.1:0", database_url=database_url, **settings)) as server:
        yield server


@contextlib.contextmanager
def connected(
    address: str,
    *options: tuple[str, int],
    credentials: grpc.ChannelCredentials | None = None,
    token: str = "",
) -> Iterator[Client]:
    client = Client(address, *options, credentials=credentials, token=token)
    try:
        yield client
    finally:
        client.channel.close()


class Failure:
    """The error of a failed call, as a client sees it."""

    def __init__(self, error: grpc.RpcError) -> None:
        assert isinstance(error, grpc.Call)
        self.code: grpc.StatusCode = error.code()
        self.message: str = error.details() or ""
        self.metadata: dict[str, Any] = dict(error.trailing_metadata() or ())
        self.packed: Any = self.metadata.get(DETAILS_KEY, b"")
        assert isinstance(self.packed, bytes)
        self.status: Any = status_pb2.Status.FromString(self.packed)

    @property
    def info(self) -> Any:
        """The one ErrorInfo."""
        found = self.details(error_details_pb2.ErrorInfo)
        assert len(found) == 1, f"{self.code}: {self.message}"
        return found[0]

    @property
    def reason(self) -> str:
        return str(self.info.reason)

    @property
    def fields(self) -> list[str]:
        """Return the paths of the field violations."""
        return [
            violation.field
            for detail in self.details(error_details_pb2.BadRequest)
            for violation in detail.field_violations
        ]

    def details(self, kind: Any) -> list[Any]:
        found = []
        for packed in self.status.details:
            detail = kind()
            if packed.Unpack(detail):
                found.append(detail)
        return found


def failure(call: Any, request: Message, **options: Any) -> Failure:
    """Return the error of a call; a call that succeeds fails the test."""
    try:
        answer = call(request, **options)
    except grpc.RpcError as error:
        return Failure(error)
    raise AssertionError(f"it succeeded: {answer}")


_numbers = itertools.count(1)


def unique(prefix: str) -> str:
    """Return an id that no other test uses."""
    return f"{prefix}-{next(_numbers)}"
