"""Calls as JSON over HTTP, made of messages by the annotations, and apart from the server to compare it with."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from google.protobuf import json_format
from google.protobuf.message import Message

from activity_session_testing.rpcs import Rpc
from activity_session_testing.servers import DEADLINE

_VARIABLE = re.compile(r"\{([\w.]+)=([^}]+)\}")


class Answer(NamedTuple):
    """A response: its code, its headers in small letters, and its body."""

    code: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def error(self) -> Any:
        return self.json["error"]

    @property
    def reason(self) -> str:
        return str(self.error["details"][0]["reason"])

    @property
    def fields(self) -> list[str]:
        """Return the paths of the field violations."""
        return [one["field"] for one in self.error["details"][1]["fieldViolations"]]


class HttpClient:
    """Calls one server; each call has a connection of its own."""

    def __init__(self, address: str, token: str = "") -> None:
        self.address = address
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Call with a body that becomes JSON, unless it is bytes; in the names of headers `_` stands for `-`."""
        with self.open(method, path, body, **headers) as response:
            return Answer(response.status, _lowered(response), response.read())

    @contextlib.contextmanager
    def open(self, method: str, path: str, body: Any = None, **headers: str) -> Iterator[HTTPResponse]:
        """Call, and read the response piece by piece."""
        given = self._headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            given = {"Content-Type": "application/json"} | given
        connection = HTTPConnection(self.address, timeout=DEADLINE)
        try:
            connection.request(method, path, body, given)
            response = connection.getresponse()
            yield response
        finally:
            connection.close()

    def send(self, rpc: Rpc, request: Message, **headers: str) -> Answer:
        """Call an RPC; of one that returns a stream, the answer has the first event only."""
        method, path, body = transcoded(rpc, request)
        if not rpc.descriptor.server_streaming:
            return self.call(method, path, body, **headers)
        with self.open(method, path, body, **headers) as response:
            raw = response.read() if response.status != 200 else next(sent_events(response)).data
            return Answer(response.status, _lowered(response), raw)


class NoPathError(Exception):
    """The names of a request make no path."""


class Sent(NamedTuple):
    """A server-sent event."""

    id: str
    event: str
    data: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.data)


def sent_events(response: HTTPResponse) -> Iterator[Sent]:
    """Read the events of a response, without comments, until it ends."""
    fields: dict[str, str] = {}
    while line := response.readline():
        name, _, value = line.rstrip(b"\n").partition(b": ")
        if not name and fields:
            yield Sent(fields.get("id", ""), fields.get("event", ""), fields["data"].encode())
            fields = {}
        elif name and not line.startswith(b":"):
            fields[name.decode()] = value.decode()


def transcoded(rpc: Rpc, request: Message) -> tuple[str, str, Any]:
    """Return method, path with query, and body of a request, by the first binding that its names fit.

    Raises:
        NoPathError: none fits.
    """
    for binding in rpc.bindings:
        kind = binding.WhichOneof("pattern")
        left = json_format.MessageToDict(request, preserving_proto_field_name=True)
        path = _path(getattr(binding, kind), request, left)
        if path is None:
            continue
        body = left if binding.body == "*" else left.pop(binding.body, None) if binding.body else None
        query = "" if body is left else urlencode(list(_parameters(left, "")), doseq=True)
        return kind.upper(), f"{path}?{query}" if query else path, body
    raise NoPathError(f"no binding of {rpc.name} fits {request}")


def _path(template: str, request: Message, left: dict[str, Any]) -> str | None:
    path = template
    for match in _VARIABLE.finditer(template):
        *parents, last = match[1].split(".")
        part: Any = request
        rest = left
        for name in parents:
            if name not in rest:
                return None
            part, rest = getattr(part, name), rest[name]
        value = getattr(part, last)
        if not re.fullmatch(match[2].replace("*", "[^/]+"), value):
            return None
        del rest[last]
        path = path.replace(match[0], "/".join(quote(segment, safe="") for segment in value.split("/")))
    return path


def _parameters(fields: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _parameters(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value).lower() if isinstance(value, bool) else value


def _lowered(response: HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}
