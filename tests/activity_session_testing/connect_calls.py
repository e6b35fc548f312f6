"""Calls by the Connect protocol, written apart from the server, in JSON or in binary."""

import base64
import contextlib
import json
import struct
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any, NamedTuple

from google.protobuf import json_format
from google.protobuf.message import Message

from activity_session_testing.rpcs import Rpc
from activity_session_testing.servers import DEADLINE

_HEAD = struct.Struct(">BI")
_LAST = 2


class Connected(NamedTuple):
    """What a call has returned: a message, or an error as JSON has it; with the code and the headers of HTTP."""

    code: int
    headers: Mapping[str, str]
    message: Any
    error: Any

    @property
    def details(self) -> list[tuple[str, bytes]]:
        """Return the types and the bytes of the details of the error."""
        return [(one["type"], decoded(one["value"])) for one in self.error["details"]]


class ConnectClient:
    """Calls one server; each call has a connection of its own."""

    def __init__(self, address: str, *, is_json: bool, token: str = "") -> None:
        self._address, self._is_json = address, is_json
        self._headers = {"Connect-Protocol-Version": "1"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def send(self, rpc: Rpc, request: Message, **headers: str) -> Connected:
        """Call an RPC; of a stream, the first message is returned, or the error that it ends with."""
        if rpc.descriptor.server_streaming:
            with self.open(rpc, request, **headers) as response:
                return next(self.messages(rpc, response))
        with self._opened(rpc, self._written(request), self._kind, headers) as response:
            raw, given = response.read(), _lowered(response)
            if response.status != 200:
                return Connected(response.status, given, None, json.loads(raw))
            assert given["content-type"] == f"application/{self._kind}"
            return Connected(200, given, self._read(rpc, raw), None)

    @contextlib.contextmanager
    def open(self, rpc: Rpc, request: Message, **headers: str) -> Iterator[HTTPResponse]:
        """Call an RPC that returns a stream."""
        raw = self._written(request)
        with self._opened(rpc, _HEAD.pack(0, len(raw)) + raw, f"connect+{self._kind}", headers) as response:
            assert response.status == 200, response.read()
            yield response

    def messages(self, rpc: Rpc, response: HTTPResponse) -> Iterator[Connected]:
        """Read the messages of a stream; the last one has its error, or neither."""
        given = _lowered(response)
        while True:
            flags, length = _HEAD.unpack(response.read(_HEAD.size))
            raw = response.read(length)
            if flags == _LAST:
                yield Connected(200, given, None, json.loads(raw).get("error"))
                return
            yield Connected(200, given, self._read(rpc, raw), None)

    @property
    def _kind(self) -> str:
        return "json" if self._is_json else "proto"

    def _written(self, request: Message) -> bytes:
        return json_format.MessageToJson(request).encode() if self._is_json else request.SerializeToString()

    def _read(self, rpc: Rpc, raw: bytes) -> Message:
        return json_format.Parse(raw, rpc.answer_class()) if self._is_json else rpc.answer_class.FromString(raw)

    @contextlib.contextmanager
    def _opened(self, rpc: Rpc, body: bytes, kind: str, headers: Mapping[str, str]) -> Iterator[HTTPResponse]:
        given = self._headers | {"Content-Type": f"application/{kind}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = HTTPConnection(self._address, timeout=DEADLINE)
        try:
            connection.request("POST", rpc.path, body, given)
            yield connection.getresponse()
        finally:
            connection.close()


def decoded(value: str) -> bytes:
    """Return bytes of their base64, which has no padding."""
    return base64.b64decode(value + "=" * (-len(value) % 4))


def _lowered(response: HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}
