"""Serves RPCs as JSON over HTTP: finds what a request means, and has its handler run."""

from collections.abc import Mapping

from google.protobuf import message_factory
from starlette.types import Receive, Scope, Send

from activity_session_server.http import bodies, refusals, responses, streams, unary
from activity_session_server.http.bindings import Binding, Bindings, Found, bindings_of
from activity_session_server.http.headers import conditions_of, context_of, form_of
from activity_session_server.http.requests import JsonRequest
from activity_session_server.rpc.handlers import Rpc


class JsonCalls:
    """The ASGI application that serves RPCs by their annotations; a body has `most_bytes` at most."""

    def __init__(self, rpcs: Mapping[str, Rpc], most_bytes: int) -> None:
        self._rpcs = rpcs
        self._most_bytes = most_bytes
        self._bindings = Bindings(one for path, rpc in rpcs.items() for one in bindings_of(path, rpc.method))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request.

        Raises:
            Refused: it becomes no call.
        """
        found, binding = self._find(scope)
        headers = dict(scope["headers"])
        context = context_of(scope, headers)
        body = await bodies.read(receive, headers, self._most_bytes)
        request = JsonRequest(binding, found.segments, scope["query_string"], body, conditions_of(headers))
        rpc = self._rpcs[binding.rpc]
        form = form_of(headers, reads=binding.method == "GET")
        if not body.is_whole:
            send = responses.closing(send)
        if rpc.method.server_streaming:
            events = streams.Messages(message_factory.GetMessageClass(rpc.method.output_type))
            await streams.serve_events(rpc, request, context, receive, send, events=events)
        elif rpc.is_streamed:
            await streams.serve_one(rpc, request, context, receive, send, form=form)
        else:
            await responses.send(send, await unary.serve(rpc, request, context, form))

    def _find(self, scope: Scope) -> tuple[Found, Binding]:
        found = self._bindings.find(scope["raw_path"].decode("latin-1"))
        if found is None:
            raise refusals.no_path()
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if method not in found.by_method:
            raise refusals.no_method(found.by_method)
        return found, found.by_method[method]
