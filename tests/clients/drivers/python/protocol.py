"""What both Python drivers share: lines, stubs by name, errors; ../README.md has the protocol."""

import argparse
import itertools
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.message import Message

from activity_session import Error, v1

_writing = threading.Lock()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("--token")
    for name in ("--ca", "--certificate", "--key"):
        parser.add_argument(name, type=Path)
    return parser.parse_args()


def tls(given: argparse.Namespace) -> Any:
    if given.ca is None:
        return False
    key, certificate = (path and path.read_bytes() for path in (given.key, given.certificate))
    return grpc.ssl_channel_credentials(given.ca.read_bytes(), key, certificate)


def write(line: dict[str, Any]) -> None:
    with _writing:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def stub_method(channel: Any, method: str) -> Any:
    service, name = method.split("/")
    return getattr(getattr(v1, f"{service}Stub")(channel), name)


def is_stream(method: str) -> bool:
    return bool(_descriptor(method).server_streaming)


def parse(method: str, request: dict[str, Any]) -> Message:
    return json_format.ParseDict(request, message_factory.GetMessageClass(_descriptor(method).input_type)())


def watch_options(command: dict[str, Any]) -> dict[str, Any]:
    """The arguments that a watch is given beside the channel and the session."""
    given = ("after_sequence", "view", "uid", "show_superseded")
    options: dict[str, Any] = {key: command[key] for key in given if key in command}
    if "view" in options:
        options["view"] = v1.SessionView.Value(options["view"])
    if "disconnects" in command:
        options["on_disconnect"] = _telling(command["id"], command["disconnects"])
    return options


def _telling(number: int, most: int) -> Callable[[Error], None]:
    count = itertools.count(1)

    def tell(error: Error) -> None:
        write({"id": number, "disconnect": _described(error)})
        if next(count) == most:
            raise error

    return tell


def message(number: int, answer: Message, **shown: str) -> dict[str, Any]:
    return {"id": number, "message": json_format.MessageToDict(answer, preserving_proto_field_name=True), **shown}


def status(number: int, failure: BaseException | None) -> dict[str, Any]:
    if failure is None:
        return {"id": number, "status": "OK"}
    if isinstance(failure, json_format.ParseError):
        return {"id": number, "status": "INVALID_JSON", "error": str(failure)}
    assert isinstance(failure, grpc.RpcError), failure
    return {"id": number, **_described(failure if isinstance(failure, Error) else Error.of(failure))}


def _described(error: Error) -> dict[str, Any]:
    reason = v1.ErrorReason.Name(error.reason).removeprefix("ERROR_REASON_")
    return {
        "status": error.code().name,
        "error": error.details(),
        "reason": "" if reason == "UNSPECIFIED" else reason,
        "kind": "" if type(error) is Error else type(error).__name__,
        "metadata": dict(error.metadata),
        "fields": [violation.field for violation in error.field_violations],
        "whole": {"code": error.status.code, "message": error.status.message},
    }


def _descriptor(method: str) -> Any:
    service, name = method.split("/")
    getattr(v1, f"{service}Stub")  # the pool knows a service when its module is loaded
    pool: Any = descriptor_pool.Default()
    return pool.FindServiceByName(f"activity_session.v1.{service}").methods_by_name[name]
