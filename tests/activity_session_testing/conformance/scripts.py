"""The scripts, read strictly: a mistake in one is told by file, step and field, and never passed over.

README.md has the format.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.settings import FIELDS
from activity_session_testing.conformance.matching import VARIABLE
from activity_session_testing.rpcs import RPCS

FOLDER = Path(__file__).parents[2] / "conformance"
BACKENDS = ("sqlite", "mariadb")
METHODS = {f"{rpc.descriptor.containing_service.name}/{rpc.name}": rpc.descriptor for rpc in RPCS.values()}
WATCH = "SessionService/WatchSession"
REASONS = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118
OPERATOR_STEPS = {
    "stop_server",
    "start_server",
    "restart_server",
    "lock_database",
    "unlock_database",
    "lock_tables",
    "unlock_tables",
    "hold_commits",
    "release_commits",
    "lose_database",
    "restore_database",
    "damage_sessions",
    "repair_sessions",
    "hold_network",
    "release_network",
}
_SCRIPT = {"title": str, "about": str, "server": dict, "backends": list, "steps": list}
_OF_ERRORS = {"reason": str, "metadata": dict, "fields": list}
_OF_ANSWERS = {"response": dict, "different": dict}
_EXPECTATIONS = {"status": str, "save": dict, **_OF_ERRORS, **_OF_ANSWERS}
_KINDS: dict[str, dict[str, Any]] = {
    "call": {"request": dict, "start": str, "timeout": (int, float), **_EXPECTATIONS},
    "watch": {"request": dict},
    "receive": {"messages": list, "skip": list},
    "finish": {"skip": list, **_EXPECTATIONS},
    "cancel": {},
    "operator": {"server": dict},
}
_REQUIRED = {"title", "steps", "request", "messages"}
_WORDS = {
    "backends": set(BACKENDS),
    "status": set(grpc.StatusCode.__members__),
    "reason": REASONS,
    "skip": {field.name for field in METHODS[WATCH].output_type.fields},
    "operator": OPERATOR_STEPS,
    "call": set(METHODS) - {WATCH},
    "server": set(FIELDS),
}


class ScriptError(Exception):
    """A script that is not well-formed; the text says where."""


class Step(NamedTuple):
    """One step; `subject` is the value of the field that its kind is named after, `fields` has the others."""

    number: int
    kind: str
    subject: str
    fields: dict[str, Any]


class Script(NamedTuple):
    """One script; `server` has the settings that its server must have."""

    name: str
    server: dict[str, Any]
    backends: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def settings(self) -> str:
        """The settings that are not the defaults, the same for scripts that can share a server."""
        defaults = {name: field.get_default() for name, field in FIELDS.items()}
        return str({name: value for name, value in sorted(self.server.items()) if value != defaults[name]})

    @property
    def needs_operator(self) -> bool:
        """Whether something is done in it that everybody feels who uses the server."""
        return any(step.kind == "operator" for step in self.steps)

    @property
    def holds_commits(self) -> bool:
        """Whether it holds up everybody who uses the same database server."""
        return any(step.subject == "hold_commits" for step in self.steps)


def load_all() -> list[Script]:
    """All scripts of this folder."""
    return [load(path.name, path.read_text()) for path in sorted(FOLDER.glob("*.json"))]


def load(file: str, text: str) -> Script:
    """Read a script.

    Raises:
        ScriptError: with file, step and field.
    """
    try:
        whole = json.loads(text, object_pairs_hook=_without_duplicates)
        _check_fields(whole, _SCRIPT)
        steps = tuple(_step(number, step) for number, step in enumerate(whole["steps"], 1))
        _check_order(steps)
    except (ScriptError, json.JSONDecodeError) as error:
        raise ScriptError(f"{file}: {error}") from None
    name = file.removesuffix(".json")
    return Script(name, whole.get("server", {}), tuple(whole.get("backends", BACKENDS)), steps)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ScriptError(f"a field stands twice among {', '.join(name for name, _ in pairs)}")
    return made


def _check_fields(given: Any, types: dict[str, Any]) -> None:
    """Hold an object to the fields that it must and may have, their types, and the words that they know."""
    if not isinstance(given, dict):
        raise ScriptError("it is no object")
    for name in types:
        if name in _REQUIRED and name not in given:
            raise ScriptError(f"{name}: it is missing")
    for name, value in given.items():
        if name not in types:
            raise ScriptError(f"{name}: there is no such field here")
        if not isinstance(value, types[name]) or isinstance(value, bool):
            raise ScriptError(f"{name}: it has the wrong type")
        for word in value if isinstance(value, (list, dict)) else [value]:
            if name in _WORDS and word not in _WORDS[name]:
                raise ScriptError(f"{name}: {word!r} is none of {', '.join(sorted(_WORDS[name]))}")


def _step(number: int, step: Any) -> Step:
    try:
        kind = _kind(step)
        _check_fields(step, {kind: str, "note": str, **_KINDS[kind]})
        _check_expectations(step)
    except ScriptError as error:
        raise ScriptError(f"step {number}: {error}") from None
    fields = {name: value for name, value in step.items() if name not in (kind, "note")}
    return Step(number, kind, step[kind], fields)


def _kind(step: Any) -> str:
    kinds = [kind for kind in _KINDS if kind in step]
    if len(kinds) != 1:
        raise ScriptError(f"it is one of {', '.join(_KINDS)}")
    return kinds[0]


def _check_expectations(step: dict[str, Any]) -> None:
    if "server" in step and "start" not in step["operator"]:
        raise ScriptError("server: only a server that is started takes settings")
    if "start" in step and not _EXPECTATIONS.keys().isdisjoint(step):
        raise ScriptError("start: what is expected stands in the step with finish")
    misplaced = _OF_ERRORS if step.get("status", "OK") == "OK" else _OF_ANSWERS
    for name in misplaced:
        if name in step:
            raise ScriptError(f"{name}: it cannot be expected with this status")


def _check_order(steps: tuple[Step, ...]) -> None:
    """Hold the steps to what came before: the variables that they use, and the calls that are under way."""
    variables, open_calls = {"namespace", "unique"}, dict[str, str]()
    for step in steps:
        try:
            method = _method(step, open_calls)
            for name, value in step.fields.items():
                _check_value(name, value, METHODS.get(method), variables)
        except ScriptError as error:
            raise ScriptError(f"step {step.number}: {error}") from None
        variables |= set(step.fields.get("save", {}))
    for name in open_calls:
        raise ScriptError(f"{name}: it is neither finished nor cancelled")


def _method(step: Step, open_calls: dict[str, str]) -> str:
    """The method that a step is about, if any; takes note of what is under way behind it."""
    if step.kind in ("receive", "finish", "cancel"):
        if step.subject not in open_calls:
            raise ScriptError(f"{step.kind}: {step.subject!r} is not under way")
        return open_calls[step.subject] if step.kind == "receive" else open_calls.pop(step.subject)
    method = {"call": step.subject, "watch": WATCH}.get(step.kind, "")
    name = step.subject if step.kind == "watch" else step.fields.get("start")
    if name in open_calls:
        raise ScriptError(f"{name}: it is under way")
    if name is not None:
        open_calls[name] = method
    return method


def _check_value(name: str, value: Any, method: Any, variables: set[str]) -> None:
    for used in VARIABLE.findall(json.dumps(value)):
        if used not in variables:
            raise ScriptError(f"{name}: ${{{used}}} was not saved before")
    if name == "request":
        _check_message(value, method.input_type, name)
    if name in ("response", "messages"):
        for message in value if isinstance(value, list) else [value]:
            _check_message(message, method.output_type, name)


def _check_message(message: Any, of: Any, where: str) -> None:
    """Refuse fields that the message's type does not have: that such a one is absent would always hold."""
    for name, value in message.items():
        field = of.fields_by_name.get(name)
        if field is None:
            raise ScriptError(f"{where}.{name}: {of.name} has no such field")
        inner, parts = field.message_type, [value]
        if isinstance(value, list):
            parts = value
        elif isinstance(value, dict) and inner.GetOptions().map_entry:
            inner, parts = inner.fields_by_name["value"].message_type, list(value.values())
        for part in parts:
            if inner is not None and isinstance(part, dict):
                _check_message(part, inner, f"{where}.{name}")
