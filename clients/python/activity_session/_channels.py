"""How a channel is set up."""

from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

import grpc

Token = str | Callable[[], str] | None
Tls = bool | grpc.ChannelCredentials
Options = Sequence[tuple[str, Any]]

# What is larger is sent once and never again; the server takes no larger request either.
_RETRY_BUFFER_BYTES = 8 * 1024 * 1024


def options(more: Options) -> list[tuple[str, Any]]:
    """The options of a channel; later ones win."""
    return [
        ("grpc.service_config", (files("activity_session") / "service_config.json").read_text()),
        ("grpc.per_rpc_retry_buffer_size", _RETRY_BUFFER_BYTES),
        # A connection that died silently is noticed within 40 s. The server takes a ping every 10 s.
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        # Else it is this one, of 60 s, that counts.
        ("grpc.http2.ping_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        # A server that restarts is found again within a fraction of the default, which waits up to two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        *more,
    ]


def credentials(tls: Tls) -> grpc.ChannelCredentials | None:
    """What a secure channel is made with; None for one without TLS."""
    if isinstance(tls, grpc.ChannelCredentials):
        return tls
    return grpc.ssl_channel_credentials() if tls else None


def authorized(details: Any, token: Token) -> Any:
    """The details of a call, with the token as it is now."""
    if token is None:
        return details
    added = ("authorization", f"Bearer {token() if callable(token) else token}")
    return details._replace(metadata=[*(details.metadata or ()), added])
