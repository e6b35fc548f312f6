"""grpcurl as a client: a process for each call, whose output is turned into the lines of a driver."""

import contextlib
import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc import error_details_pb2

from activity_session_testing.conformance.scripts import WATCH
from activity_session_testing.rpcs import modules

PROGRAM = "grpcurl"
HOW_TO_GET = "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4"
# grpcurl adds this to a status code to make its exit code; smaller exit codes are failures of its own.
_EXIT_CODES = 64
_STATUSES = {status.value[0]: status.name for status in grpc.StatusCode}


class Grpcurl:
    """The processes that call one server."""

    def __init__(self, address: str, folder: Path, token: str = "") -> None:
        """Be a client of the server at an address; `folder` takes the schema."""
        self._address = address
        self._headers = ["-H", f"authorization: Bearer {token}"] if token else []
        self._schema = folder / "schema.binpb"
        self._schema.write_bytes(_schema())
        # It connects before it reads its request: so a watch starts on an existing connection, as in other clients.
        self._next_watch = self._start(WATCH)

    def begin(self, method: str, request: dict[str, Any], timeout: float | None = None) -> "Printed":
        """Begin a call; `timeout` is the caller's deadline in seconds."""
        if method == WATCH:
            process, self._next_watch = self._next_watch, self._start(WATCH)
        else:
            process = self._start(method, *([] if timeout is None else ["-max-time", str(timeout)]))
        return Printed(process, request)

    def close(self) -> None:
        """End the process that waits for its request."""
        with self._next_watch as process:
            process.kill()

    def _start(self, method: str, *flags: str) -> "subprocess.Popen[str]":
        # Without a schema it would ask the server, and keep a stream open for that during the whole call.
        flags = ("-plaintext", "-format-error", "-protoset", str(self._schema), *self._headers, *flags)
        return subprocess.Popen(
            [PROGRAM, *flags, "-d", "@", self._address, f"activity_session.v1.{method}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )


class Printed:
    """The output of one process."""

    def __init__(self, process: "subprocess.Popen[str]", request: dict[str, Any]) -> None:
        self._process = process
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, args=[request], daemon=True).start()

    def next(self, timeout: float) -> dict[str, Any]:
        """Return the next message, or the status; raise queue.Empty if none comes within that many seconds."""
        return self._lines.get(timeout=timeout)

    def cancel(self) -> None:
        """End the call."""
        self._process.terminate()

    def _read(self, request: dict[str, Any]) -> None:
        with self._process as process:
            assert process.stdin
            assert process.stdout
            assert process.stderr
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(_with_masks_of_its_own(request)))
                process.stdin.close()
            for message in _messages(process.stdout):
                self._lines.put({"message": message})
            error = process.stderr.read()
        self._lines.put(_status(process.returncode, error))


def _schema() -> bytes:
    """Return the descriptors of all protos and of the details of errors, with those that they import."""
    files: dict[str, FileDescriptorProto] = {}
    waiting: list[Any] = [module.DESCRIPTOR for module in (*modules(), error_details_pb2)]
    while waiting:
        file = waiting.pop()
        files[file.name] = FileDescriptorProto.FromString(file.serialized_pb)
        waiting += file.dependencies
    return FileDescriptorSet(file=files.values()).SerializeToString()


def _with_masks_of_its_own(request: dict[str, Any]) -> dict[str, Any]:
    """Return a request in which a field mask is an ordinary message: grpcurl does not know its form in ProtoJSON."""
    if "update_mask" not in request:
        return request
    mask = FieldMask()
    mask.FromJsonString(request["update_mask"])
    return {**request, "update_mask": {"paths": list(mask.paths)}}


def _messages(lines: Any) -> Iterator[Any]:
    """Yield the objects in indented JSON, each as soon as its last line has come."""
    printed = ""
    for line in lines:
        printed += line
        if line.startswith(("}", "{}")):
            yield json.loads(printed)
            printed = ""


def _status(exit_code: int, error: str) -> dict[str, Any]:
    """Return the last line of a call."""
    if exit_code > _EXIT_CODES:
        status, told = _STATUSES[exit_code - _EXIT_CODES], json.loads(error)
    elif exit_code > 0:
        # It could not connect in time, or got something that is not a request.
        status, told = ("DEADLINE_EXCEEDED" if "deadline exceeded" in error else "INVALID_JSON"), {"message": error}
    else:
        status, told = ("CANCELLED" if exit_code else "OK"), {}
    details = {detail["@type"].rpartition(".")[2]: detail for detail in told.get("details", [])}
    info = details.get("ErrorInfo", {})
    return {
        "status": status,
        "error": told.get("message", ""),
        "reason": info.get("reason", ""),
        "metadata": info.get("metadata", {}),
        "fields": [violation["field"] for violation in details.get("BadRequest", {}).get("field_violations", [])],
    }
