"""A channel on which calls are retried safely, for the stubs to be made on."""

import time
from collections.abc import Callable
from typing import Any

import grpc

from activity_session import _channels
from activity_session._requests import Attempts, with_request_id
from activity_session.errors import Error


def connect(
    target: str, *, token: _channels.Token = None, tls: _channels.Tls = False, options: _channels.Options = ()
) -> grpc.Channel:
    """A channel to a server, or to several behind one name.

    Calls that fail with UNAVAILABLE are made again, up to 5 times in about 6 s, and each carries a `request_id`, so
    that its effect is there once. They end after 30 s where the caller gives no shorter `timeout`. A call that fails
    raises `Error`. `.future()` is not covered by the last sentence, and not made again after CANCELLED.

    Args:
        target: as gRPC takes it: `HOST:PORT`, `dns:///NAME:PORT`, `unix:PATH`.
        token: sent with every call as `authorization: Bearer TOKEN`, also without TLS; or a function that gives it.
        tls: True for the certificate authorities of the system, or credentials of your own.
        options: more channel options of gRPC; they win over ours.
    """
    settings = _channels.options(options)
    if credentials := _channels.credentials(tls):
        channel = grpc.secure_channel(target, credentials, settings)
    else:
        channel = grpc.insecure_channel(target, settings)
    return grpc.intercept_channel(channel, _SendingAgain(), _Authorizing(token))


class _SendingAgain(grpc.UnaryUnaryClientInterceptor):
    """Sends a call again, under the same request id, that a draining server had not begun."""

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        request = with_request_id(request)
        attempts = Attempts(details.timeout)
        while True:
            call = continuation(details._replace(timeout=attempts.timeout), request)
            error = _failure(call)
            if error is None:
                return call
            pause = attempts.pause() if error.code() is grpc.StatusCode.CANCELLED else None
            if pause is None:
                raise error
            time.sleep(pause)


def _failure(call: Any) -> Error | None:
    """What it has failed with by now; a call made by `.future()` still runs."""
    error = call.exception() if call.done() else None
    return Error.of(error) if isinstance(error, grpc.RpcError) else None


class _Authorizing(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Adds the token as it is at the time of the call."""

    def __init__(self, token: _channels.Token) -> None:
        self._token = token

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        return continuation(_channels.authorized(details, self._token), request)

    def intercept_unary_stream(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        return continuation(_channels.authorized(details, self._token), request)
