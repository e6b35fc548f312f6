"""Serves the runs of AG-UI's clients: an HttpAgent, whose input is the body of a POST, or an EventSource."""

from collections.abc import Mapping

from google.protobuf import json_format
from starlette.types import Receive, Scope, Send

from activity_session.v1.session_pb2 import Session
from activity_session_server.http import bodies, refusals, responses, streams, unary
from activity_session_server.http.ag_ui.inputs import RunRequest
from activity_session_server.http.ag_ui.runs import Run
from activity_session_server.http.bindings import Bindings, binding_of
from activity_session_server.http.headers import conditions_of, context_of
from activity_session_server.http.requests import NO_BODY, Conditions, JsonRequest
from activity_session_server.http.responses import Json
from activity_session_server.rpc.handlers import Rpc

PREFIX = "/ag-ui"
_TEMPLATE = f"{PREFIX}/{{name=namespaces/*/sessions/*}}"
_SERVICE = "/activity_session.v1.SessionService"
_GET, _WATCH = f"{_SERVICE}/GetSession", f"{_SERVICE}/WatchSession"
_METHODS = ("GET", "POST")
_FOUND = 200


class AgUiCalls:
    """The ASGI application that serves sessions as runs; an input has `most_bytes` at most."""

    def __init__(self, rpcs: Mapping[str, Rpc], most_bytes: int) -> None:
        self._rpcs = rpcs
        self._most_bytes = most_bytes
        self._binding = binding_of(_WATCH, "POST", _TEMPLATE)
        self._bindings = Bindings([self._binding])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request.

        Raises:
            Refused: it becomes no call.
        """
        segments = self._segments(scope)
        headers = dict(scope["headers"])
        body = await bodies.read(receive, headers, self._most_bytes)
        if not body.is_whole:
            send = responses.closing(send)
        # Who its members are, before its events; of a session that the caller may not see, the error.
        about = JsonRequest(self._binding, segments, b"", NO_BODY, Conditions())
        found = await unary.serve(self._rpcs[_GET], about, context_of(scope, headers), Json())
        if found.code != _FOUND:
            await responses.send(send, found)
            return
        session = json_format.Parse(found.body, Session())
        watch = JsonRequest(self._binding, segments, scope["query_string"], NO_BODY, conditions_of(headers))
        request = RunRequest(watch, body, session.uid)
        context = context_of(scope, headers)
        await streams.serve_events(self._rpcs[_WATCH], request, context, receive, send, events=Run(session, request))

    def _segments(self, scope: Scope) -> list[str]:
        found = self._bindings.find(scope["raw_path"].decode("latin-1"))
        if found is None:
            raise refusals.no_path()
        if scope["method"] not in _METHODS:
            raise refusals.no_method(_METHODS)
        return list(found.segments)
