"""The client for asyncio: what `activity_session` has, under the same names."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc.aio

from activity_session import _channels
from activity_session._loop.append import append_json, append_text
from activity_session._loop.ensure import ensure_participant, ensure_session
from activity_session._loop.following_aio import Follow, follow
from activity_session._loop.state import AsyncSharedState as SharedState
from activity_session._loop.turns_aio import Turn, turn
from activity_session._requests import Attempts, with_request_id
from activity_session._tracing import traced
from activity_session._watching_aio import Watch, watch
from activity_session.errors import Error

__all__ = [
    "Follow",
    "SharedState",
    "Turn",
    "Watch",
    "append_json",
    "append_text",
    "connect",
    "ensure_participant",
    "ensure_session",
    "follow",
    "turn",
    "watch",
]


def connect(
    target: str, *, token: _channels.Token = None, tls: _channels.Tls = False, options: _channels.Options = ()
) -> grpc.aio.Channel:
    """Return a channel for asyncio; all else is as in `activity_session.connect`."""
    settings = _channels.options(options)
    interceptors = [_SendingAgain(token), _AuthorizingStreams(token)]
    if credentials := _channels.credentials(tls):
        channel = grpc.aio.secure_channel(target, credentials, settings, interceptors=interceptors)
    else:
        channel = grpc.aio.insecure_channel(target, settings, interceptors=interceptors)
    return _channels.with_target(channel, target)


class _SendingAgain(grpc.aio.UnaryUnaryClientInterceptor):
    """Retries a call as the interceptor without asyncio does, with the current token and span in each attempt."""

    def __init__(self, token: _channels.Token) -> None:
        self._token = token

    async def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        request = with_request_id(request)
        attempts = Attempts(details.timeout)
        while True:
            again = details._replace(timeout=attempts.timeout)
            call = await continuation(traced(_channels.authorized(again, self._token)), request)
            try:
                await call
            except grpc.RpcError as error:
                failure = Error.of(error)
            else:
                return call
            pause = attempts.pause() if failure.code() is grpc.StatusCode.CANCELLED else None
            if pause is None:
                raise failure
            await asyncio.sleep(pause)


class _AuthorizingStreams(grpc.aio.UnaryStreamClientInterceptor):
    """Adds the current token, and the current span of the caller, to each stream."""

    def __init__(self, token: _channels.Token) -> None:
        self._token = token

    async def intercept_unary_stream(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        return await continuation(traced(_channels.authorized(details, self._token)), request)
