"""The scripts, read strictly: every mistake is reported with file, step and field.

README.md has the format.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Self

import grpc
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    ValidationError,
    model_validator,
)

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.settings import FIELDS
from activity_session_testing.conformance.matching import VARIABLE
from activity_session_testing.rpcs import RPCS

FOLDER = Path(__file__).parents[2] / "conformance"
BACKENDS = ("sqlite", "mariadb", "postgresql")
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
    "grant",
    "revoke",
    "purge",
    "hold_network",
    "release_network",
}
KINDS = ("call", "watch", "receive", "finish", "cancel", "operator")


def _known(words: Collection[str]) -> AfterValidator:
    """Checks that a text, each text of a list, or each key of an object is a known word."""

    def check(value: Any) -> Any:
        for word in [value] if isinstance(value, str) else value:
            if word not in words:
                raise ValueError(f"{word!r} is none of {', '.join(sorted(words))}")
        return value

    return AfterValidator(check)


Name = Annotated[str, Field(min_length=1)]
Object = dict[str, Any]
ServerSettings = Annotated[Object, _known(FIELDS)]
MessageKinds = Annotated[list[str], _known([field.name for field in METHODS[WATCH].output_type.fields])]


class ScriptError(Exception):
    """A script that is not well-formed; the text says where, with a line for each mistake."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Step(_Strict):
    """One step."""

    note: str = ""

    @property
    def kind(self) -> str:
        """Return the name of the field that only steps of this kind have."""
        return _kind(self.model_fields_set) or ""

    @property
    def subject(self) -> str:
        """Return the value of that field."""
        return str(getattr(self, self.kind))


class _End(_Strict):
    """How a call is to end. Fields that are not set are not checked."""

    status: Annotated[str, _known(grpc.StatusCode.__members__)] = "OK"
    reason: Annotated[str, _known(REASONS)] = ""
    metadata: Object = {}
    fields: list[str] = []
    response: Object = {}
    different: Object = {}
    save: dict[str, str] = {}

    @model_validator(mode="after")
    def _hold_to_status(self) -> Self:
        for name in ("reason", "metadata", "fields") if self.status == "OK" else ("response", "different"):
            if name in self.model_fields_set:
                raise ValueError(f"{name}: it cannot be expected with this status")
        return self


class _Begin(_Step):
    """What begins a call; `as` names the subject who makes it, if it is another one than that of the play."""

    request: Object
    subject_: Annotated[str, Field(alias="as")] = ""


class CallStep(_Begin, _End):
    """Makes a call, or begins it under the name in `start`. A `timeout`, in seconds, of 0 is none."""

    call: Annotated[str, _known(METHODS.keys() - {WATCH})]
    start: Name = ""
    timeout: Annotated[float, Field(gt=0)] = 0

    @model_validator(mode="after")
    def _hold_start_to_beginning(self) -> Self:
        if self.start and self.model_fields_set & _End.model_fields.keys():
            raise ValueError("start: what is expected belongs in the step with finish")
        return self


class WatchStep(_Begin):
    """Opens a watch."""

    watch: Name


class ReceiveStep(_Step):
    """Expects messages of a watch."""

    receive: Name
    messages: list[Object]
    skip: MessageKinds = []


class FinishStep(_Step, _End):
    """Expects the end of a call that was begun, or of a watch."""

    finish: Name
    skip: MessageKinds = []


class CancelStep(_Step):
    """Ends a call or a watch on the client's side."""

    cancel: Name


class OperatorStep(_Step):
    """Does what no client can do."""

    operator: Annotated[str, _known(OPERATOR_STEPS)]
    server: ServerSettings = {}
    grant: Annotated[dict[str, str], _known({"subject", "namespace", "role", "participant"})] = {}
    subject_: Annotated[str, Field(alias="subject")] = ""

    @model_validator(mode="after")
    def _hold_server_to_starts(self) -> Self:
        if "server" in self.model_fields_set and "start" not in self.operator:
            raise ValueError("server: only a server that is started takes settings")
        for field, step, value in (("grant", "grant", self.grant), ("subject", "revoke", self.subject_)):
            if bool(value) != (self.operator == step):
                raise ValueError(f"{field}: it belongs to the operator step {step}, which needs one")
        return self


def _kind(step: Any) -> str | None:
    kinds = [kind for kind in KINDS if isinstance(step, dict | set) and kind in step]
    return kinds[0] if len(kinds) == 1 else None


Step = Annotated[
    Annotated[CallStep, Tag("call")]
    | Annotated[WatchStep, Tag("watch")]
    | Annotated[ReceiveStep, Tag("receive")]
    | Annotated[FinishStep, Tag("finish")]
    | Annotated[CancelStep, Tag("cancel")]
    | Annotated[OperatorStep, Tag("operator")],
    Discriminator(_kind, custom_error_type="kind", custom_error_message=f"it is one of {', '.join(KINDS)}"),
]


class Script(_Strict):
    """One script; `server` has the settings that its server must have."""

    title: str
    about: str = ""
    server: ServerSettings = {}
    backends: Annotated[list[str], _known(BACKENDS)] = list(BACKENDS)
    steps: list[Step]
    _name: str = PrivateAttr("")

    @property
    def name(self) -> str:
        """The name of its file, without the extension."""
        return self._name

    @property
    def settings(self) -> str:
        """The settings that are not the defaults, the same for scripts that can share a server."""
        defaults = {name: field.get_default() for name, field in FIELDS.items()}
        return str({name: value for name, value in sorted(self.server.items()) if value != defaults[name]})

    @property
    def subjects(self) -> set[str]:
        """Those who make calls beside the caller of the play."""
        return {step.subject_ for step in self.steps if isinstance(step, CallStep | WatchStep)} - {""}

    @property
    def needs_operator(self) -> bool:
        """Whether a step affects all users of the server."""
        return any(step.kind == "operator" for step in self.steps)

    @property
    def holds_commits(self) -> bool:
        """Whether a step holds up all users of the same database server."""
        return any(step.subject == "hold_commits" for step in self.steps)

    @model_validator(mode="after")
    def _hold_to_order(self) -> Self:
        """Check each step against those before it: the variables that it uses, and the calls that are under way."""
        variables, open_calls = {"namespace", "unique"}, dict[str, str]()
        for number, step in enumerate(self.steps, 1):
            try:
                method = METHODS.get(_method(step, open_calls))
                for name in step.model_fields_set - {"note"}:
                    _check_value(name, getattr(step, name), method, variables)
            except ValueError as error:
                raise ValueError(f"step {number}: {error}") from None
            if isinstance(step, _End):
                variables |= step.save.keys()
        for name in open_calls:
            raise ValueError(f"{name}: it is neither finished nor cancelled")
        return self


def load_all() -> list[Script]:
    """Read all scripts of a folder."""
    return [load(path.name, path.read_text()) for path in sorted(FOLDER.glob("*.json"))]


def load(file: str, text: str) -> Script:
    """Read a script.

    Raises:
        ScriptError: with file, step and field.
    """
    try:
        script = Script.model_validate(json.loads(text, object_pairs_hook=_without_duplicates))
    except ValidationError as error:
        raise ScriptError("\n".join(f"{file}: {_told(mistake)}" for mistake in error.errors())) from None
    except ValueError as error:
        raise ScriptError(f"{file}: {error}") from None
    script._name = file.removesuffix(".json")  # noqa: SLF001 - pydantic's way to a value that is not in the text
    return script


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError(f"a field is given twice among {', '.join(name for name, _ in pairs)}")
    return made


def _told(mistake: Any) -> str:
    """Return one line for a mistake that pydantic has found: step, field, and what is wrong."""
    match mistake["loc"]:
        case ("steps", index, *where):
            # After the index comes the kind, then the field.
            places = [f"step {index + 1}", ".".join(map(str, where[1:]))]
        case where:
            places = [".".join(map(str, where))]
    return ": ".join([*filter(None, places), mistake["msg"].removeprefix("Value error, ")])


def _method(step: Step, open_calls: dict[str, str]) -> str:
    """Return the method that a step is about, if any; note which calls are under way after it."""
    match step:
        case OperatorStep():
            return ""
        case ReceiveStep() | FinishStep() | CancelStep():
            if step.subject not in open_calls:
                raise ValueError(f"{step.kind}: {step.subject!r} is not under way")
            return open_calls[step.subject] if isinstance(step, ReceiveStep) else open_calls.pop(step.subject)
        case CallStep():
            name, method = step.start, step.call
        case WatchStep():
            name, method = step.watch, WATCH
    if name in open_calls:
        raise ValueError(f"{name}: it is under way")
    if name:
        open_calls[name] = method
    return method


def _check_value(name: str, value: Any, method: Any, variables: set[str]) -> None:
    for used in VARIABLE.findall(json.dumps(value)):
        if used not in variables:
            raise ValueError(f"{name}: ${{{used}}} was not saved before")
    if name == "request":
        _check_message(value, method.input_type, name)
    if name in ("response", "messages"):
        for message in value if isinstance(value, list) else [value]:
            _check_message(message, method.output_type, name)


def _check_message(message: Any, of: Any, where: str) -> None:
    """Refuse fields that the message's type does not have: a check that such a field is absent would always pass."""
    for name, value in message.items():
        field = of.fields_by_name.get(name)
        if field is None:
            raise ValueError(f"{where}.{name}: {of.name} has no such field")
        inner, parts = field.message_type, [value]
        if isinstance(value, list):
            parts = value
        elif isinstance(value, dict) and inner.GetOptions().map_entry:
            inner, parts = inner.fields_by_name["value"].message_type, list(value.values())
        for part in parts:
            if inner is not None and isinstance(part, dict):
                _check_message(part, inner, f"{where}.{name}")
