"""The settings of a session as they are kept: only what was set, plus keys this version does not know.

Defaults and bounds stand here and nowhere else. The message `SessionSettings` has the same fields; a test holds the two
together.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from google.protobuf.json_format import MessageToDict, ParseDict
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from activity_session.v1.session_settings_pb2 import MaxMemoryStrategy, SessionSettings
from activity_session_server.rules import durations
from activity_session_server.rules.problems import Problem, Violation

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_STRATEGY_PREFIX = "MAX_MEMORY_STRATEGY_"
_DURATIONS: tuple[Literal["idle_ttl"], Literal["event_purge_age"]] = ("idle_ttl", "event_purge_age")
# What an expiry is moved on by beyond `idle_ttl`, so that it is written no more than once in this time.
_IDLE_SLACK = timedelta(minutes=1)


class MemoryResourceSettings(BaseModel):
    """How memories are made from a session and recalled in it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    conversation_insights_count: Count = 10
    conversation_insights_freshness: Count = 1
    conversation_insights_msg_history: Count = 10
    recall_include_insights: bool = False
    recall_conversation_turns: Count = 1
    get_top_k_vectors: Count = 20
    get_relevance_alpha: Share = 0.6
    get_importance_alpha: Share = 0.3
    get_recency_alpha: Share = 0.1
    # Any text here: a later version may have written one that this one does not know.
    max_memory_strategy: str = "HARD_LIMIT"
    get_max_memories: Count = 25
    get_min_score: Share = 0.4
    integration_enabled: bool = True
    manual_integration: bool = False
    integration_operation_threshold: Count = 5
    integration_question_count: Count = 5
    integration_insight_count: Count = 5


class SessionResourceSettings(BaseModel):
    """How agent runtimes treat a session."""

    model_config = ConfigDict(frozen=True, extra="allow")

    memory: MemoryResourceSettings = MemoryResourceSettings()
    collection_overrides: dict[str, str] = Field(default_factory=dict)
    sync_chat: bool = False
    override_importance: Count = 0
    require_turn: bool = False
    idle_ttl: timedelta | None = None
    # None follows the namespace's.
    event_purge_age: timedelta | None = None

    def to_message(self) -> SessionSettings:
        """The message of what was set, without defaults."""
        if not self.model_fields_set:
            return SessionSettings()
        known = self.model_dump(exclude_unset=True)
        return _to_message(known)

    def replaced_by(self, message: SessionSettings) -> "SessionResourceSettings":
        """The settings of the message, with the keys of these that no message can hold."""
        if not self.model_fields_set and not message.ByteSize():
            return self  # as with most sessions
        values = _to_dict(message)
        memory = _unknown(self.memory) | values.get("memory", {})
        kept = _unknown(self) | values | ({"memory": memory} if memory else {})
        return SessionResourceSettings.model_validate(kept)


def violations(message: SessionSettings, field: str) -> Iterator[Violation]:
    """What is out of bounds in a settings message that stands in `field`."""
    strategy = message.memory.max_memory_strategy
    if strategy not in MaxMemoryStrategy.values():
        known = ", ".join(MaxMemoryStrategy.keys())
        yield Violation(f"{field}.memory.max_memory_strategy", Problem(f"{strategy} is not one of {known}"))
    for name in _durations_of(message):
        if problem := durations.age_problem(getattr(message, name)):
            yield Violation(f"{field}.{name}", problem)
    try:
        SessionResourceSettings.model_validate(_to_dict(_without_durations(message)))
    except ValidationError as error:
        for found in error.errors(include_url=False, include_context=False):
            path = ".".join([field, *map(str, found["loc"])])
            yield Violation(path, Problem(f"{found['msg']}, not {found['input']!r}"))


def fill_in_defaults(message: SessionSettings) -> None:
    """Make of what was set the settings that hold."""
    given = message.SerializeToString()
    message.CopyFrom(DEFAULTS)
    if given:
        message.MergeFromString(given)


def moved_on(expires: datetime | None, idle_ttl: timedelta | None, now: datetime) -> datetime | None:
    """When a session expires that is used now, given when it expires so far; None for never.

    With `idle_ttl` it lives for at least so long from now, and for a minute more if its expiry had to be moved on.
    """
    if idle_ttl is None or (expires is not None and expires >= now + idle_ttl):
        return expires
    return now + idle_ttl + _IDLE_SLACK


def _unknown(model: BaseModel) -> dict[str, Any]:
    return dict(model.model_extra or {})


def _to_dict(message: SessionSettings) -> dict[str, Any]:
    values = MessageToDict(_without_durations(message), preserving_proto_field_name=True)
    memory = values.get("memory", {})
    if "max_memory_strategy" in memory:
        strategy = str(memory.pop("max_memory_strategy")).removeprefix(_STRATEGY_PREFIX)
        if strategy != "UNSPECIFIED":
            memory["max_memory_strategy"] = strategy
    values |= {name: getattr(message, name).ToTimedelta() for name in _durations_of(message)}
    return values


def _to_message(values: dict[str, Any]) -> SessionSettings:
    memory = values.get("memory", {})
    if "max_memory_strategy" in memory:
        memory["max_memory_strategy"] = _STRATEGY_PREFIX + memory["max_memory_strategy"]
    given = {name: values.pop(name, None) for name in _DURATIONS}
    message = ParseDict(values, SessionSettings(), ignore_unknown_fields=True)
    for name, duration in given.items():
        if duration is not None:
            getattr(message, name).FromTimedelta(duration)
    return message


def _durations_of(message: SessionSettings) -> list[Literal["idle_ttl", "event_purge_age"]]:
    return [name for name in _DURATIONS if message.HasField(name)]


def _without_durations(message: SessionSettings) -> SessionSettings:
    """The same without what a JSON text may be unable to hold, a Duration out of bounds."""
    rest = SessionSettings()
    rest.CopyFrom(message)
    for name in _DURATIONS:
        rest.ClearField(name)
    return rest


DEFAULTS = _to_message(SessionResourceSettings().model_dump())
