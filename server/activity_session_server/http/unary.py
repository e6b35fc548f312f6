"""Runs the handlers of RPCs with one response by the threads of their pools, for the loop of HTTP."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial

import grpc
from google.protobuf import message_factory
from google.rpc.status_pb2 import Status

from activity_session_server.http.contexts import Aborted, HttpContext
from activity_session_server.http.responses import Form, Response, of_error
from activity_session_server.rpc.edge import Raw
from activity_session_server.rpc.handlers import Rpc

_log = logging.getLogger("activity_session.http")


async def serve(rpc: Rpc, request: Raw, context: HttpContext, form: Form) -> Response:
    """The response of a call, from a thread of its pool."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Response] = loop.create_future()
    rpc.pool.submit(partial(_run, rpc, request, form, partial(_settle, loop, future)), context)
    return await future


def _run(rpc: Rpc, request: Raw, form: Form, settle: Callable[[Response], None], context: HttpContext) -> None:
    try:
        response = _respond(rpc, request, form, context)
    except Exception:  # somebody waits for a response
        _log.exception("a response failed")
        internal: int = grpc.StatusCode.INTERNAL.value[0]
        response = form.of_status(Status(code=internal, message="internal error"))
    settle(response)


def _respond(rpc: Rpc, request: Raw, form: Form, context: HttpContext) -> Response:
    """Run a handler. The response is made here too, since that can take longer than the loop may be held up."""
    try:
        response = rpc.respond(request, context)
    except Aborted:
        return of_error(context, form)
    kind = message_factory.GetMessageClass(rpc.method.output_type)
    return form.of_message(response, kind, context)


def _settle(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Response], response: Response) -> None:
    # At the end of a server the loop may have been closed: nobody waits then.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(_set, future, response)


def _set(future: asyncio.Future[Response], response: Response) -> None:
    # Unless the loop has given up waiting.
    if not future.done():
        future.set_result(response)
