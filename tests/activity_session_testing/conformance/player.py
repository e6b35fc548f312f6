"""The player: it takes the steps of a script through one client, and holds what comes to what is expected."""

import contextlib
import queue
import secrets
import time
from collections.abc import Collection
from typing import Any, NamedTuple, Protocol

from activity_session_testing.conformance.matching import Mismatch, filled, match, value_at
from activity_session_testing.conformance.scripts import WATCH, Script, Step
from activity_session_testing.moments import eventually

# Longer than the longest that a server may take, which is its own deadline of 30 seconds.
_PATIENCE = 45.0


class Answers(Protocol):
    """What one call answers, line by line: messages, and at the end a status."""

    def next(self, timeout: float) -> dict[str, Any]:
        """The next line; queue.Empty when none comes in so many seconds."""

    def cancel(self) -> None:
        """End the call from outside."""


class Caller(Protocol):
    """A client."""

    def begin(self, method: str, request: dict[str, Any], timeout: float | None = None) -> Answers:
        """Begin a call; `timeout` is the caller's deadline in seconds."""


class _Call(NamedTuple):
    answers: Answers
    is_watch: bool = False


class Player:
    """Plays one script."""

    def __init__(self, caller: Caller, operator: Any = None) -> None:
        """Make a player of a client, and of what has a method for each operator step."""
        self._caller, self._hands = caller, operator
        self._variables: dict[str, str] = {}
        self._open: dict[str, _Call] = {}

    def play(self, script: Script) -> None:
        """Take all steps, in a fresh namespace.

        Raises:
            Mismatch: with the step, and what came out otherwise.
        """
        unique = secrets.token_hex(4)
        new = {"namespace_id": f"{script.name}-{unique}", "namespace": {}}
        self._variables = {"namespace": f"namespaces/{script.name}-{unique}", "unique": unique}
        self._take(Step(0, "call", "NamespaceService/CreateNamespace", {"request": new}))
        try:
            for step in script.steps:
                self._take(step)
        finally:
            for call in self._open.values():
                call.answers.cancel()

    def _take(self, step: Step) -> None:
        filled_step = step._replace(fields=filled(step.fields, self._variables))
        try:
            getattr(self, f"_{step.kind}")(filled_step)
        except Mismatch as mismatch:
            raise Mismatch(f"step {step.number} ({step.kind} {step.subject}): {mismatch}") from None

    def _operator(self, step: Step) -> None:
        getattr(self._hands, step.subject)(**step.fields)
        if "start" in step.subject:
            eventually(self._is_reached)

    def _is_reached(self) -> bool:
        """Whether the client has found the server again; each waits in its own way before it connects anew."""
        return "message" in _next(self._caller.begin("InfoService/GetServerInfo", {}, timeout=5))

    def _call(self, step: Step) -> None:
        call = _Call(self._caller.begin(step.subject, step.fields["request"], step.fields.get("timeout")))
        if "start" in step.fields:
            self._open[step.fields["start"]] = call
        else:
            self._judge(step, call)

    def _watch(self, step: Step) -> None:
        self._open[step.subject] = _Call(self._caller.begin(WATCH, step.fields["request"]), is_watch=True)

    def _receive(self, step: Step) -> None:
        for index, message in enumerate(step.fields["messages"]):
            line = _next(self._open[step.subject].answers, step.fields.get("skip", []))
            match({"message": message}, line, f"messages.{index}")

    def _finish(self, step: Step) -> None:
        self._judge(step, self._open.pop(step.subject))

    def _cancel(self, step: Step) -> None:
        call = self._open.pop(step.subject)
        call.answers.cancel()
        while "status" not in (line := _next(call.answers)):
            pass
        match("CANCELLED", line["status"], "status")

    def _judge(self, step: Step, call: _Call) -> None:
        """Hold the end of a call to what is expected of it, and keep what is to be saved."""
        line = _next(call.answers, step.fields.get("skip", []))
        answer = {}
        if "message" in line and not call.is_watch:
            answer, line = line["message"], _next(call.answers)
        if "message" in line:
            raise Mismatch(f"a message came in place of the end: {line['message']}")
        expected = step.fields.get("status", "OK")
        if line["status"] != expected:
            found = f"{line['status']} {line.get('reason', '')} {line.get('error', '')}".strip()
            raise Mismatch(f"status is {found!r}, expected {expected}")
        source = answer if expected == "OK" else {"metadata": line["metadata"]}
        if expected == "OK":
            _judge_answer(step.fields, answer)
        else:
            _judge_error(step.fields, line)
        for variable, path in step.fields.get("save", {}).items():
            self._variables[variable] = str(value_at(path, source))


def _judge_answer(expected: dict[str, Any], answer: dict[str, Any]) -> None:
    match(expected.get("response", {}), answer, "response")
    for path, value in expected.get("different", {}).items():
        if value_at(path, answer) == value:
            raise Mismatch(f"{path} is {value!r}, expected something else")


def _judge_error(expected: dict[str, Any], line: dict[str, Any]) -> None:
    match(expected.get("reason", ""), line["reason"], "reason")
    match(expected.get("metadata", {}), line["metadata"], "metadata")
    match(expected.get("fields", line["fields"]), line["fields"], "fields")


def _next(answers: Answers, skip: Collection[str] = ()) -> dict[str, Any]:
    """The next line whose message is none of those to pass over."""
    deadline = time.monotonic() + _PATIENCE
    while (remaining := deadline - time.monotonic()) > 0:
        with contextlib.suppress(queue.Empty):
            line = answers.next(remaining)
            if set(line.get("message", {})).isdisjoint(skip):
                return line
    raise Mismatch(f"nothing came within {_PATIENCE:g} seconds")
