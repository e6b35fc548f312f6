"""The settings of a namespace as they are kept, and the times that follow from them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from activity_session.v1.namespace_pb2 import NamespaceQuotas, NamespaceSettings
from activity_session_server.rules import durations
from activity_session_server.rules.access.quotas import MOST, MOST_BYTES, Quota
from activity_session_server.rules.problems import Problem, Violation

_DURATIONS: tuple[Literal["default_session_ttl", "default_session_idle_ttl", "purge_age", "event_purge_age"], ...] = (
    "default_session_ttl",
    "default_session_idle_ttl",
    "purge_age",
    "event_purge_age",
)


class NamespaceResourceQuotas(BaseModel):
    """How much all callers of a namespace may use together; None leaves it to the server, 0 is no quota."""

    model_config = ConfigDict(frozen=True, extra="allow")

    calls_in_flight: int | None = None
    calls_per_second: int | None = None
    watches: int | None = None
    sessions: int | None = None
    bytes_per_second: int | None = None
    bytes: int | None = None

    def to_message(self) -> NamespaceQuotas:
        """The message of what was set."""
        return NamespaceQuotas(**{field: getattr(self, field) for field in _QUOTAS})

    def replaced_by(self, message: NamespaceQuotas) -> "NamespaceResourceQuotas":
        """The quotas of the message, with the keys of these that no message can hold."""
        values = {field.name: value for field, value in message.ListFields()}
        return NamespaceResourceQuotas.model_validate({**(self.model_extra or {}), **values})

    def of_calls(self, default: Quota) -> Quota:
        """The quota of calls and watches, where the server has another one for all namespaces."""
        own = {field: getattr(self, field) for field in Quota._fields if getattr(self, field) is not None}
        return default._replace(**own)


_QUOTAS = ("calls_in_flight", "calls_per_second", "watches", "sessions", "bytes_per_second", "bytes")


class NamespaceResourceSettings(BaseModel):
    """What holds for all sessions of a namespace; None leaves it to the server."""

    model_config = ConfigDict(frozen=True, extra="allow")

    default_session_ttl: timedelta | None = None
    default_session_idle_ttl: timedelta | None = None
    purge_age: timedelta | None = None
    event_purge_age: timedelta | None = None
    participants_create_sessions: bool = False
    quotas: NamespaceResourceQuotas | None = None

    def to_message(self) -> NamespaceSettings:
        """The message of what was set."""
        message = NamespaceSettings(participants_create_sessions=self.participants_create_sessions)
        for field in _DURATIONS:
            value = getattr(self, field)
            if value is not None:
                getattr(message, field).FromTimedelta(value)
        if self.quotas is not None:
            message.quotas.CopyFrom(self.quotas.to_message())
        return message

    def purge_age_or(self, default: timedelta) -> timedelta:
        """How long a deleted session of the namespace is kept; the server's age is the default."""
        return default if self.purge_age is None else self.purge_age

    def replaced_by(self, message: NamespaceSettings) -> "NamespaceResourceSettings":
        """The settings of the message, with the keys of these that no message can hold."""
        values: dict[str, Any] = {
            name: getattr(message, name).ToTimedelta() for name in _DURATIONS if message.HasField(name)
        }
        if message.participants_create_sessions:
            values["participants_create_sessions"] = True
        if message.HasField("quotas"):
            values["quotas"] = (self.quotas or NamespaceResourceQuotas()).replaced_by(message.quotas)
        return NamespaceResourceSettings.model_validate({**(self.model_extra or {}), **values})


def violations(message: NamespaceSettings, field: str) -> Iterator[Violation]:
    """What is out of bounds in a settings message that stands in `field`."""
    for name in _DURATIONS:
        if message.HasField(name) and (problem := durations.age_problem(getattr(message, name))):
            yield Violation(f"{field}.{name}", problem)
    for quota in _QUOTAS:
        most = MOST_BYTES if "bytes" in quota else MOST
        if not 0 <= getattr(message.quotas, quota) <= most:
            yield Violation(f"{field}.quotas.{quota}", Problem(f"must be from 0 to {most:,}"))
