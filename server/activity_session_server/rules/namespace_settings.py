"""The settings of a namespace as they are kept, and the times that follow from them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from activity_session.v1.namespace_pb2 import NamespaceSettings
from activity_session_server.rules import durations
from activity_session_server.rules.problems import Problem, Violation

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=36_525)
_DURATIONS: tuple[Literal["default_session_ttl"], Literal["purge_age"]] = ("default_session_ttl", "purge_age")


class NamespaceResourceSettings(BaseModel):
    """What holds for all sessions of a namespace; None leaves it to the server."""

    model_config = ConfigDict(frozen=True, extra="allow")

    default_session_ttl: timedelta | None = None
    purge_age: timedelta | None = None
    participants_create_sessions: bool = False

    def to_message(self) -> NamespaceSettings:
        """The message of what was set."""
        message = NamespaceSettings(participants_create_sessions=self.participants_create_sessions)
        for field in _DURATIONS:
            value = getattr(self, field)
            if value is not None:
                getattr(message, field).FromTimedelta(value)
        return message

    def replaced_by(self, message: NamespaceSettings) -> "NamespaceResourceSettings":
        """The settings of the message, with the keys of these that no message can hold."""
        values: dict[str, Any] = {
            name: getattr(message, name).ToTimedelta() for name in _DURATIONS if message.HasField(name)
        }
        if message.participants_create_sessions:
            values["participants_create_sessions"] = True
        return NamespaceResourceSettings.model_validate({**(self.model_extra or {}), **values})


def violations(message: NamespaceSettings, field: str) -> Iterator[Violation]:
    """What is out of bounds in a settings message that stands in `field`."""
    for name in _DURATIONS:
        if message.HasField(name) and not durations.is_between(getattr(message, name), SHORTEST, LONGEST):
            yield Violation(f"{field}.{name}", Problem("must be from 1 second to 100 years"))
