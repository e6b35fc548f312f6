"""Serves RPCs over Connect: reads what a request is written in, and has its handler run."""

from collections.abc import Mapping
from typing import TypeVar

import orjson
from google.protobuf import message_factory
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from starlette.types import Receive, Scope, Send

from activity_session_server.http import bodies, parsing, refusals, responses, streams, unary
from activity_session_server.http.connect.envelopes import opened, sealed
from activity_session_server.http.connect.responses import Connect, error_of
from activity_session_server.http.contexts import HttpContext
from activity_session_server.http.headers import Headers, context_of, takes_gzip
from activity_session_server.http.requests import Body, inflated
from activity_session_server.http.responses import KEPT
from activity_session_server.rpc.edge import message_of
from activity_session_server.rpc.handlers import Rpc
from activity_session_server.rules.limits import Limits
from activity_session_server.store.codec.encoded import Encoded

R = TypeVar("R", bound=Message)
# By whether the messages are JSON; those of streams are in envelopes.
_UNARY = {b"application/json": True, b"application/proto": False}
_STREAM = {b"application/connect+json": True, b"application/connect+proto": False}
_VERSION = b"1"


class ConnectRequest:
    """An `edge.Unread`: a message in JSON or binary; that of a stream is in an envelope."""

    def __init__(self, body: Body, form: Connect, *, in_envelope: bool, takes_gzip: bool) -> None:
        self._body = body
        self.form = form
        self._in_envelope = in_envelope
        self._takes_gzip = takes_gzip

    def __len__(self) -> int:
        return self._body.size

    def read(self, request_type: type[R], limits: Limits) -> R:
        """The message.

        Raises:
            ServiceError: INVALID_FIELD, LIMIT_EXCEEDED.
        """
        body = opened(self._body, takes_gzip=self._takes_gzip) if self._in_envelope else self._body
        raw = inflated(body, limits)
        if not self.form.is_json:
            return message_of(raw, request_type, limits)
        request = request_type()
        # No bytes are no JSON; but a client may leave out a message that has nothing.
        parsing.merge(request, parsing.parsed(raw or b"{}", limits))
        return request


class ConnectCalls:
    """The ASGI application that serves RPCs on their paths in gRPC; a body has `most_bytes` at most."""

    def __init__(self, rpcs: Mapping[str, Rpc], most_bytes: int) -> None:
        self._rpcs = rpcs
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request.

        Raises:
            Refused: it becomes no call.
        """
        rpc = self._rpcs.get(scope["path"])
        if rpc is None:
            raise refusals.no_path()
        if scope["method"] != "POST":
            raise refusals.no_method(["POST"])
        headers = dict(scope["headers"])
        _check_version(headers)
        in_envelope = rpc.method.server_streaming
        kinds = _STREAM if in_envelope else _UNARY
        media_type = bodies.media_type_of(headers, kinds)
        body = await bodies.read(receive, headers, self._most_bytes, kinds)
        form = Connect(media_type, kinds[media_type], takes_gzip(headers) and not in_envelope)
        compression = headers.get(b"connect-content-encoding", b"identity")
        request = ConnectRequest(body, form, in_envelope=in_envelope, takes_gzip=compression == b"gzip")
        context = context_of(scope, headers)
        if not body.is_whole:
            send = responses.closing(send)
        if in_envelope:
            await _serve_stream(rpc, request, context, receive, send)
        elif rpc.is_streamed:
            await streams.serve_one(rpc, request, context, receive, send, form=form)
        else:
            await responses.send(send, await unary.serve(rpc, request, context, form))


def _check_version(headers: Headers) -> None:
    version = headers.get(b"connect-protocol-version", _VERSION)
    if version != _VERSION:
        raise refusals.invalid_header("Connect-Protocol-Version", "it must be 1")


async def _serve_stream(rpc: Rpc, request: ConnectRequest, context: HttpContext, receive: Receive, send: Send) -> None:
    """Send the messages of a call in envelopes; how it has ended is in the last one, whatever it is."""
    kind = message_factory.GetMessageClass(rpc.method.output_type)

    def encode(message: bytes) -> bytes:
        return sealed(request.form.written(Encoded(message), kind))

    async with streams.running(rpc, request, context, receive, encode) as outgoing:
        first = await outgoing.next()
        headers = [*KEPT, (b"content-type", request.form.media_type), *responses.call_id(context)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await streams.send_parts(outgoing, first, context, send, heartbeat=b"", last=_end)


def _end(status: Status) -> bytes:
    ended: dict[str, object] = {"error": error_of(status)} if status.code else {}
    return sealed(orjson.dumps(ended), is_last=True)
