"""JSON over HTTP as a client: a connection for each call, whose response is turned into the lines of a driver."""

import contextlib
import json
import queue
import socket
import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from activity_session_testing.conformance.player import NO_PATH
from activity_session_testing.http_calls import NoPathError, sent_events, transcoded
from activity_session_testing.rpcs import RPCS, Rpc

NAME = "json"
Line = dict[str, Any]


class Http:
    """A client that calls one server, by the annotations."""

    def __init__(self, address: str, token: str = "") -> None:
        self._address = address
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def begin(self, method: str, request: Line, timeout: float | None = None) -> "Read":
        """Begin a call; `timeout` is the caller's deadline in seconds."""
        rpc = RPCS[method.rpartition("/")[2]]
        message = json_format.ParseDict(request, rpc.request_class())
        headers = self._headers | ({"X-Server-Timeout": str(timeout)} if timeout else {})
        # Longer than any call of a script takes.
        connection = HTTPConnection(self._address, timeout=60)
        return Read(connection, lambda: _lines(connection, rpc, message, headers), timeout)


class Read:
    """The lines of one call."""

    def __init__(self, connection: HTTPConnection, lines: Any, timeout: float | None) -> None:
        self._connection, self._timeout = connection, timeout
        self._queue: queue.Queue[Line] = queue.Queue()
        self._lock, self._has_ended = threading.Lock(), False
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        if timeout is not None:
            # As gRPC's clients do, it does not wait for the server to say so.
            timer = threading.Timer(timeout, self._end, [_status("DEADLINE_EXCEEDED", "in the client")])
            timer.daemon = True
            timer.start()

    def next(self, timeout: float) -> Line:
        """Return the next message, or the status; raise queue.Empty if none comes within that many seconds."""
        return self._queue.get(timeout=timeout)

    def cancel(self) -> None:
        """End the call."""
        self._end(_status("CANCELLED", "by the client"))

    def _read(self, lines: Any) -> None:
        try:
            for line in lines():
                if "status" in line:
                    self._end(line)
                    return
                self._queue.put(line)
        except (OSError, HTTPException, ValueError) as error:
            self._end(_status("UNAVAILABLE", repr(error)))
        else:
            self._end(_status("UNAVAILABLE", "the response has no end"))

    def _end(self, line: Line) -> None:
        with self._lock:
            has_ended, self._has_ended = self._has_ended, True
        if not has_ended:
            self._queue.put(line)
            with contextlib.suppress(OSError):
                if self._connection.sock:
                    self._connection.sock.shutdown(socket.SHUT_RDWR)


def _lines(connection: HTTPConnection, rpc: Rpc, request: Message, headers: Mapping[str, str]) -> Iterator[Line]:
    try:
        method, path, body = transcoded(rpc, request)
    except NoPathError as error:
        yield _status(NO_PATH, str(error))
        return
    raw = None if body is None else json.dumps(body).encode()
    connection.request(method, path, raw, {**headers, "Content-Type": "application/json"})
    response = connection.getresponse()
    if response.status != 200:
        yield _of_error(json.loads(response.read())["error"])
    elif rpc.descriptor.server_streaming:
        yield from _events(rpc, response)
    else:
        yield _of_message(json_format.Parse(response.read(), rpc.answer_class()))
        yield _status("OK", "")


def _events(rpc: Rpc, response: HTTPResponse) -> Iterator[Line]:
    for sent in sent_events(response):
        if sent.event == "error":
            yield _of_error(sent.json["error"])
            return
        yield _of_message(json_format.Parse(sent.data, rpc.answer_class()))


def _of_message(message: Message) -> Line:
    return {"message": json_format.MessageToDict(message, preserving_proto_field_name=True)}


def _of_error(error: Line) -> Line:
    details = {one["@type"].rpartition(".")[2]: one for one in error["details"]}
    return _status(error["status"], error["message"], details)


def _status(status: str, text: str, details: Mapping[str, Line] | None = None) -> Line:
    given = details or {}
    info, fields = given.get("ErrorInfo", {}), given.get("BadRequest", {}).get("fieldViolations", [])
    return {
        "status": status,
        "error": text,
        "reason": info.get("reason", ""),
        "metadata": info.get("metadata", {}),
        "fields": [one["field"] for one in fields],
    }
