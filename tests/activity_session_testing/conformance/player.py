"""The player: it runs the steps of a script through one client, and compares the results with what is expected."""

import contextlib
import queue
import secrets
import time
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from activity_session_testing.conformance.matching import Mismatch, filled, match, value_at
from activity_session_testing.conformance.scripts import (
    WATCH,
    CallStep,
    CancelStep,
    FinishStep,
    OperatorStep,
    ReceiveStep,
    Script,
    Step,
    WatchStep,
)
from activity_session_testing.moments import eventually

# The end of a call that a client cannot make, since malformed names make no path of its RPC.
NO_PATH = "NO_PATH"
# Longer than a server may take, which is up to its own deadline of 30 seconds.
_PATIENCE = 45.0


class Answers(Protocol):
    """The output of one call, line by line: messages, and at the end a status."""

    def next(self, timeout: float) -> dict[str, Any]:
        """Return the next line; raise queue.Empty if none comes within that many seconds."""

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

    def __init__(
        self, caller: Caller, operator: Any = None, subjects: Mapping[str, Caller] = MappingProxyType({})
    ) -> None:
        """Take a client, an object that has a method for each operator step, and the clients of other subjects."""
        self._caller, self._hands, self._subjects = caller, operator, subjects
        self._variables: dict[str, str] = {}
        self._open: dict[str, _Call] = {}

    def play(self, script: Script) -> None:
        """Run all steps, in a fresh namespace.

        Raises:
            Mismatch: with the step, and what was different.
        """
        unique = secrets.token_hex(4)
        new = {"namespace_id": f"{script.name}-{unique}", "namespace": {}}
        self._variables = {"namespace": f"namespaces/{script.name}-{unique}", "unique": unique}
        self._take(0, CallStep(call="NamespaceService/CreateNamespace", request=new))
        try:
            for number, step in enumerate(script.steps, 1):
                self._take(number, step)
        finally:
            for call in self._open.values():
                call.answers.cancel()

    def _take(self, number: int, step: Step) -> None:
        fields = {name: filled(getattr(step, name), self._variables) for name in step.model_fields_set}
        try:
            getattr(self, f"_{step.kind}")(step.model_copy(update=fields))
        except Mismatch as mismatch:
            raise Mismatch(f"step {number} ({step.kind} {step.subject}): {mismatch}") from None

    def _operator(self, step: OperatorStep) -> None:
        arguments = {"server": step.server, "grant": step.grant, "subject": step.subject_}
        getattr(self._hands, step.operator)(**{name: value for name, value in arguments.items() if value})
        if "start" in step.operator:
            eventually(self._is_reached)

    def _is_reached(self) -> bool:
        """Return whether the client has found the server again; each has its own pauses before it reconnects."""
        return "message" in _next(self._caller.begin("InfoService/GetServerInfo", {}, timeout=5))

    def _caller_of(self, step: CallStep | WatchStep) -> Caller:
        return self._subjects[step.subject_] if step.subject_ else self._caller

    def _call(self, step: CallStep) -> None:
        call = _Call(self._caller_of(step).begin(step.call, step.request, step.timeout or None))
        if step.start:
            self._open[step.start] = call
        else:
            self._judge(step, call)

    def _watch(self, step: WatchStep) -> None:
        self._open[step.watch] = _Call(self._caller_of(step).begin(WATCH, step.request), is_watch=True)

    def _receive(self, step: ReceiveStep) -> None:
        for index, message in enumerate(step.messages):
            line = _next(self._open[step.receive].answers, step.skip)
            match({"message": message}, line, f"messages.{index}")

    def _finish(self, step: FinishStep) -> None:
        self._judge(step, self._open.pop(step.finish), step.skip)

    def _cancel(self, step: CancelStep) -> None:
        call = self._open.pop(step.cancel)
        call.answers.cancel()
        while "status" not in (line := _next(call.answers)):
            pass
        match("CANCELLED", line["status"], "status")

    def _judge(self, expected: CallStep | FinishStep, call: _Call, skip: Collection[str] = ()) -> None:
        """Check the end of a call, and save the values that later steps use."""
        line = _next(call.answers, skip)
        answer = {}
        if "message" in line and not call.is_watch:
            answer, line = line["message"], _next(call.answers)
        if "message" in line:
            raise Mismatch(f"a message came instead of the end: {line['message']}")
        if line["status"] == NO_PATH and expected.reason == "INVALID_FIELD":
            return
        if line["status"] != expected.status:
            found = f"{line['status']} {line.get('reason', '')} {line.get('error', '')}".strip()
            raise Mismatch(f"status is {found!r}, expected {expected.status}")
        source = answer if expected.status == "OK" else {"metadata": line["metadata"]}
        if expected.status == "OK":
            _judge_answer(expected, answer)
        else:
            _judge_error(expected, line)
        for variable, path in expected.save.items():
            self._variables[variable] = str(value_at(path, source))


def _judge_answer(expected: CallStep | FinishStep, answer: dict[str, Any]) -> None:
    match(expected.response, answer, "response")
    for path, value in expected.different.items():
        if value_at(path, answer) == value:
            raise Mismatch(f"{path} is {value!r}, expected something else")


def _judge_error(expected: CallStep | FinishStep, line: dict[str, Any]) -> None:
    match(expected.reason, line["reason"], "reason")
    match(expected.metadata, line["metadata"], "metadata")
    if "fields" in expected.model_fields_set:
        match(expected.fields, line["fields"], "fields")


def _next(answers: Answers, skip: Collection[str] = ()) -> dict[str, Any]:
    """Return the next line whose message is not of a kind to skip."""
    deadline = time.monotonic() + _PATIENCE
    while (remaining := deadline - time.monotonic()) > 0:
        with contextlib.suppress(queue.Empty):
            line = answers.next(remaining)
            if set(line.get("message", {})).isdisjoint(skip):
                return line
    raise Mismatch(f"nothing came within {_PATIENCE:g} seconds")
