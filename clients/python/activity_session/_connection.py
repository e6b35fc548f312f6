"""A channel for the stubs, which retries calls safely."""

import time
from collections.abc import Callable
from typing import Any

import grpc

from activity_session import _channels
from activity_session._requests import Attempts, with_request_id
from activity_session._tracing import traced
from activity_session.errors import Error


def connect(
    target: str, *, token: _channels.Token = None, tls: _channels.Tls = False, options: _channels.Options = ()
) -> grpc.Channel:
    """Return a channel to a server, or to several servers with one name. It connects when the first call is made.

    A call that fails with UNAVAILABLE is retried: up to 5 attempts in about 6 s. A call that changes something carries
    a `request_id`, so that its effect happens once. A call ends after 30 s, or after a shorter `timeout`; AcquireTurn
    ends after its `timeout` only. A call that fails raises `Error`. A call made by `.future()` raises gRPC's own error
    instead, and is not retried after CANCELLED. A program that traces with OpenTelemetry has its current span go with
    each call.

    Args:
        target: an address as in gRPC: `HOST:PORT`, `dns:///NAME:PORT`, `unix:PATH`.
        token: sent with every call as `authorization: Bearer TOKEN`, even without TLS; or a function that returns it.
        tls: True to trust the certificate authorities that gRPC trusts by default, or credentials of your own.
        options: more channel options of gRPC, which override those of this client.
    """
    settings = _channels.options(options)
    if credentials := _channels.credentials(tls):
        channel = grpc.secure_channel(target, credentials, settings)
    else:
        channel = grpc.insecure_channel(target, settings)
    return _channels.with_target(
        grpc.intercept_channel(channel, _SendingAgain(token), _AuthorizingStreams(token)), target
    )


class _SendingAgain(grpc.UnaryUnaryClientInterceptor):
    """Retries a call, with the same request id, that a draining server has cancelled before it began.

    Each attempt has the current token, and the current span of the caller. An interceptor of its own for those would be
    a tenth of what the client spends on a call.
    """

    def __init__(self, token: _channels.Token) -> None:
        self._token = token

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        request = with_request_id(request)
        attempts = Attempts(details.timeout)
        while True:
            again = details._replace(timeout=attempts.timeout)
            call = continuation(traced(_channels.authorized(again, self._token)), request)
            error = _failure(call)
            if error is None:
                return call
            pause = attempts.pause() if error.code() is grpc.StatusCode.CANCELLED else None
            if pause is None:
                raise error
            time.sleep(pause)


def _failure(call: Any) -> Error | None:
    """Return the error of a failed call; None also for a call that still runs, made by `.future()`."""
    error = call.exception() if call.done() else None
    return Error.of(error) if isinstance(error, grpc.RpcError) else None


class _AuthorizingStreams(grpc.UnaryStreamClientInterceptor):
    """Adds the current token, and the current span of the caller, to each stream."""

    def __init__(self, token: _channels.Token) -> None:
        self._token = token

    def intercept_unary_stream(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        return continuation(traced(_channels.authorized(details, self._token)), request)
