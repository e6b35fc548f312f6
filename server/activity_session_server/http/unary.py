"""Runs the handlers of RPCs with one response by the threads of their pools, for the loop of HTTP."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial

import grpc
from google.protobuf import message_factory
from google.rpc.status_pb2 import Status

from activity_session_server.http import responses
from activity_session_server.http.contexts import Aborted, HttpContext
from activity_session_server.http.requests import JsonRequest
from activity_session_server.http.responses import Response, Wishes
from activity_session_server.rpc.handlers import Rpc

_log = logging.getLogger("activity_session.http")


async def serve(rpc: Rpc, request: JsonRequest, context: HttpContext, wishes: Wishes) -> Response:
    """The response of a call, from a thread of its pool."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Response] = loop.create_future()
    rpc.pool.submit(partial(_run, rpc, request, wishes, partial(_settle, loop, future)), context)
    return await future


def _run(
    rpc: Rpc, request: JsonRequest, wishes: Wishes, settle: Callable[[Response], None], context: HttpContext
) -> None:
    try:
        response = _respond(rpc, request, wishes, context)
    except Exception:  # somebody waits for a response
        _log.exception("a response failed")
        internal: int = grpc.StatusCode.INTERNAL.value[0]
        response = responses.of_status(Status(code=internal, message="internal error"), wishes)
    settle(response)


def _respond(rpc: Rpc, request: JsonRequest, wishes: Wishes, context: HttpContext) -> Response:
    """Run a handler. The response is made here too, since that can take longer than the loop may be held up."""
    try:
        response = rpc.respond(request, context)
    except Aborted:
        return responses.of_error(context, wishes)
    kind = message_factory.GetMessageClass(rpc.method.output_type)
    return responses.of_message(response, kind, context, wishes)


def _settle(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Response], response: Response) -> None:
    # At the end of a server the loop may have been closed: nobody waits then.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(_set, future, response)


def _set(future: asyncio.Future[Response], response: Response) -> None:
    # Unless the loop has given up waiting.
    if not future.done():
        future.set_result(response)
