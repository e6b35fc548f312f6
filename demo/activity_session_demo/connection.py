"""A connection to the server, whose calls are retried when the server dies."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Self, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from activity_session import v1

DEADLINE = 20.0
# The status of a call when the server dies during it, or when the database is busy.
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN)

# Seconds to wait before each further try.
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)
_OPTIONS = (
    # Channels to one address share a connection unless they are told not to.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 500),
)

Answer = TypeVar("Answer", bound=Message)


class Tally:
    """Counts what all threads together have done."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1

    def __getitem__(self, what: str) -> int:
        return self._counts[what]


class Connection:
    """All services over one channel; the end of a `with` block ends every call that is still under way."""

    def __init__(self, address: str, tally: Tally) -> None:
        self.tally = tally
        self._channel = grpc.insecure_channel(address, _OPTIONS)
        self.events = v1.EventServiceStub(self._channel)
        self.namespaces = v1.NamespaceServiceStub(self._channel)
        self.participants = v1.ParticipantServiceStub(self._channel)
        self.sessions = v1.SessionServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def ask(self, method: Callable[..., Answer], request: Message) -> Answer:
        """Call the server, and retry if it dies during the call: the request must be one that may be sent twice.

        A call waits for a server that is not running, and fails only when the server dies during it.
        """
        for pause in _PAUSES:
            try:
                return method(request, timeout=DEADLINE, wait_for_ready=True)
            except grpc.RpcError as error:
                if error.code() not in PASSING:
                    raise
            self.tally.count("retries")
            time.sleep(pause)
        return method(request, timeout=DEADLINE, wait_for_ready=True)


def reason_of(error: grpc.RpcError) -> str:
    """Return why the server has refused a call, as a name of ErrorReason; empty if the error is not the server's."""
    status = rpc_status.from_call(error)
    info = ErrorInfo()
    for detail in status.details if status else ():
        if detail.Unpack(info):
            break
    return str(info.reason)
