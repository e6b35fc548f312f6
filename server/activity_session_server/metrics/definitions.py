"""Every metric of a server: its name, what it means, its labels with all their values, and how workers are summed.

The names follow Prometheus' conventions: base units, `_total` for counters; the labels of calls are those of gRPC's
ecosystem (`grpc_service`, `grpc_method`, `grpc_code`, with the codes as in gRPC's own metrics, such as `NOT_FOUND`). No
label has a value that a caller has chosen, so that the number of series never grows.
"""

import platform
from collections.abc import Iterator
from enum import Enum
from importlib.metadata import version
from itertools import product
from typing import Any, NamedTuple

from activity_session.v1 import (
    event_service_pb2,
    info_service_pb2,
    memory_service_pb2,
    namespace_service_pb2,
    participant_service_pb2,
    session_service_pb2,
)
from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server import __version__

PREFIX = "activity_session_"
READ, WRITE = "read", "write"


class Kind(Enum):
    """The types of Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Workers(Enum):
    """What becomes of the values of several workers."""

    SUM = "the sum of all workers"
    MAX = "the highest of all workers"


class Definition(NamedTuple):
    """A metric. `rows` are the values of its labels, a series each; `bounds` are those of a histogram's buckets."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ((),)
    bounds: tuple[float, ...] = ()
    workers: Workers = Workers.SUM


def _methods() -> Iterator[tuple[str, str]]:
    files: tuple[Any, ...] = (
        event_service_pb2,
        info_service_pb2,
        memory_service_pb2,
        namespace_service_pb2,
        participant_service_pb2,
        session_service_pb2,
    )
    for file in files:
        for service in file.DESCRIPTOR.services_by_name.values():
            yield from ((service.full_name, method.name) for method in service.methods)


# Services and methods.
METHODS = tuple(sorted(_methods()))
CODES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
# Without the first one, which says nothing.
REASONS = tuple(name.removeprefix("ERROR_REASON_") for name in ErrorReason.DESCRIPTOR.values_by_name)[1:]
# Why a transaction is run again: others were in the way; somebody ended its statement; the connection broke before the
# commit; the commit is in doubt, and settled by that.
CAUSES = ("contention", "interrupted", "unreachable", "in_doubt")
# What a sweep does to what is due, as its log says.
SWEPT = ("expired", "expunged", "purged", "removed", "forgotten", "keys", "values", "names")
DUE = ("expired", "expunged", "purged")
# Of requests over HTTP that become no call.
HTTP_CODES = ("400", "403", "404", "405", "408", "415")
CLASSES = ((READ,), (WRITE,))
_FAST = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_SLOW = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def _rows(values: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((value,) for value in values)


def _counter(name: str, text: str, labels: tuple[str, ...] = (), rows: Any = ((),)) -> Definition:
    return Definition(f"{PREFIX}{name}_total", Kind.COUNTER, text, labels, tuple(rows))


def _histogram(
    name: str, text: str, bounds: tuple[float, ...], labels: tuple[str, ...] = (), rows: Any = ((),)
) -> Definition:
    return Definition(PREFIX + name, Kind.HISTOGRAM, text, labels, tuple(rows), bounds)


def _gauge(
    name: str, text: str, labels: tuple[str, ...] = (), rows: Any = ((),), workers: Workers = Workers.SUM
) -> Definition:
    return Definition(PREFIX + name, Kind.GAUGE, text, labels, tuple(rows), workers=workers)


CALLS = _counter(
    "calls",
    "Calls that have ended, also by a client that has gone; without those of health and reflection.",
    ("grpc_service", "grpc_method", "grpc_code"),
    ((*method, code) for method, code in product(METHODS, CODES)),
)
CALL_SECONDS = _histogram(
    "call_duration_seconds",
    "How long calls took, their wait for a thread included; of a watch, how long it was open.",
    _SLOW,
    ("grpc_service", "grpc_method"),
    METHODS,
)
CALL_ERRORS = _counter(
    "call_errors",
    "Calls that have failed, by the reason in the error. Those with SERVER_FULL and QUOTA_EXCEEDED were shed.",
    ("class", "reason"),
    product((READ, WRITE), REASONS),
)
HTTP_REFUSED = _counter(
    "http_refused_requests",
    "Requests over HTTP that became no call, by the code of HTTP: nothing is at the path, or they cannot be read.",
    ("code",),
    _rows(HTTP_CODES),
)
THREAD_WAIT = _histogram("thread_wait_seconds", "How long calls waited for a thread.", _FAST, ("class",), CLASSES)
IN_FLIGHT = _gauge("calls_in_flight", "Calls that a thread serves now.", ("class",), CLASSES)
WAITING = _gauge("calls_waiting", "Calls that wait for a thread now.", ("class",), CLASSES)
ASIDE = _gauge("calls_aside", "Writes that wait for others of their session now, while their threads serve others.")
THREADS = _gauge("threads", "Calls that can be served at once.", ("class",), CLASSES)

CONNECTIONS = _gauge(
    "database_connections",
    "Connections to the database, by whether a call has one now.",
    ("state",),
    _rows(("used", "idle")),
)
CONNECTIONS_MAX = _gauge("database_connections_max", "The most connections that there can be.")
CONNECTIONS_PENDING = _gauge("database_connections_pending", "Calls that wait for a connection now.")
CONNECTION_WAIT = _histogram(
    "database_connection_wait_seconds",
    "How long calls waited for a connection, the time to open it included where it was not open.",
    _FAST,
)
WRITE_WAIT = _histogram(
    "write_wait_seconds",
    "How long writes waited for others in this server: on SQLite for all, else for those of their session.",
    _FAST,
)
COMMIT_SECONDS = _histogram("commit_duration_seconds", "How long the database took for commits.", _FAST)
COMMIT_WRITES = _histogram(
    "commit_writes",
    "How many writes shared a commit; more than one only on SQLite.",
    (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0),
)
RETRIES = _counter(
    "database_retries", "Transactions and reads that were run again, by what was in the way.", ("cause",), _rows(CAUSES)
)
IN_DOUBT = _counter(
    "commits_in_doubt",
    "Commits whose response was lost. They are settled by another run, if not by a call with COMMIT_OUTCOME_UNKNOWN.",
)
PROCESSES = _gauge("processes", "Processes that serve calls.")
READY = _gauge("processes_ready", "Processes whose last look at the database found that reads and writes work.")
CHECKED = _gauge(
    "database_check_timestamp_seconds",
    "When reads and writes were last found to work, in seconds since 1970.",
    workers=Workers.MAX,
)

WATCHES = _gauge("watches", "Open watches.")
BACKLOG = _gauge(
    "watch_backlog_events", "Events that watches have still to send, without those from before they began."
)
LONGEST_BACKLOG = _gauge(
    "watch_longest_backlog_events", "The same of the watch that has the most.", workers=Workers.MAX
)
DELIVERY_LAG = _histogram(
    "watch_delivery_lag_seconds",
    "From when this server learned of an event, by its own commit, a signal or a look, until a watch had sent it.",
    _SLOW,
)
FOLLOWED = _gauge("followed_sessions", "Sessions that somebody watches, or waits for the turn of.")
WAITING_TURNS = _gauge("waiting_turns", "Calls that wait for a turn.")

SWEEPS = _counter(
    "swept",
    "What the sweep has done: sessions expired and expunged; events purged; rows removed of expunged sessions, and of "
    "former values of state; request ids, deleted state keys and names forgotten.",
    ("kind",),
    _rows(SWEPT),
)
SWEPT_AT = _gauge(
    "sweep_timestamp_seconds", "When a round of the sweep last ended, in seconds since 1970.", workers=Workers.MAX
)
DUE_SESSIONS = _gauge(
    "due_sessions",
    "Sessions that are due to be expired or expunged, or have events to be purged, counted up to 1,000 after each "
    "round of the sweep.",
    ("kind",),
    _rows(DUE),
    Workers.MAX,
)
OLDEST_DUE = _gauge(
    "oldest_due_age_seconds",
    "For how long the session has been due that was due first.",
    ("kind",),
    _rows(DUE),
    Workers.MAX,
)

CERTIFICATE = _gauge(
    "certificate_expiry_timestamp_seconds",
    "When the certificate of --tls-certificate-file expires, in seconds since 1970; +Inf without one.",
    workers=Workers.MAX,
)
BUILD = Definition(
    f"{PREFIX}build_info",
    Kind.GAUGE,
    "Always 1; its labels say what is running.",
    ("version", "python", "grpc", "database"),
    # Known only when a server runs.
    rows=(),
)

METRICS = tuple(value for value in tuple(globals().values()) if isinstance(value, Definition))


def build_row(database: str) -> tuple[str, ...]:
    """The one series of `BUILD`; `database` is the kind of database, such as sqlite."""
    return __version__, platform.python_version(), version("grpcio"), database
