"""How a channel is set up."""

from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import grpc

Token = str | Callable[[], str] | None
Tls = bool | grpc.ChannelCredentials
Options = Sequence[tuple[str, Any]]
_Channel = TypeVar("_Channel")

# gRPC does not retry a larger request; the server accepts none either.
_RETRY_BUFFER_BYTES = 8 * 1024 * 1024

# The targets of the channels that `connect` has made: gRPC's own do not tell. Written once for each, before its caller
# has it, and each read and write is a single step of a dictionary: so there is no lock.
_targets: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def options(more: Options) -> list[tuple[str, Any]]:
    """Return the options of a channel; where two have the same key, gRPC uses the later one."""
    return [
        ("grpc.service_config", (files("activity_session") / "service_config.json").read_text()),
        ("grpc.per_rpc_retry_buffer_size", _RETRY_BUFFER_BYTES),
        # A dead connection is noticed within 40 s. The server allows a ping every 10 s.
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        # Its default of 60 s would be used in place of the timeout above.
        ("grpc.http2.ping_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        # A server that has restarted is found within 5 s; by default gRPC waits up to two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        *more,
    ]


def with_target(channel: _Channel, target: str) -> _Channel:
    """Return the channel, whose target can be told from now on."""
    _targets[channel] = target
    return channel


def target_of(channel: Any) -> str:
    """Return the target of a channel that `connect` has made; of others it is not known."""
    return _targets.get(channel, "an unknown address")


def credentials(tls: Tls) -> grpc.ChannelCredentials | None:
    """Return the credentials of a channel; None for one without TLS."""
    if isinstance(tls, grpc.ChannelCredentials):
        return tls
    return grpc.ssl_channel_credentials() if tls else None


def authorized(details: Any, token: Token) -> Any:
    """Return the details of a call with the current token in its metadata."""
    if token is None:
        return details
    added = ("authorization", f"Bearer {token() if callable(token) else token}")
    return details._replace(metadata=[*(details.metadata or ()), added])
