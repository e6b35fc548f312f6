"""A transcript of Claude in which others have their say too.

Claude Code reads a transcript as a chain: each entry names the one before it, and what no later entry leads back to is
of a branch that was left. So what others have said is put into the chain between two turns.
"""

import uuid
from datetime import UTC
from typing import Any

from activity_session import content, v1

OTHERS = "activitySessionEvent"
"""In an entry that tells what others have said: the name of the event."""

_IN_THE_CHAIN = ("user", "assistant", "system", "attachment", "progress")


class Transcript:
    """Entries, made from the events of a session in their order."""

    def __init__(self, session_id: str) -> None:
        self._session_id = session_id
        self._entries: list[Any] = []
        self._heard: list[v1.Event] = []
        self._last: str | None = None
        self._moved: dict[str, str] = {}

    def hear(self, event: v1.Event) -> None:
        """Add what others have said, if that is anything, before the next turn."""
        if content.as_text(event):
            self._heard.append(event)

    def say(self, entry: Any) -> None:
        """Add an entry of Claude's own; one that begins a turn comes after all that others have said before it."""
        if _begins_a_turn(entry):
            self._tell()
        entry = entry | ({"sessionId": self._session_id} if "sessionId" in entry else {})
        parent = entry.get("parentUuid")
        while parent in self._moved:
            parent = entry["parentUuid"] = self._moved[parent]
        self._entries.append(entry)
        if entry.get("type") in _IN_THE_CHAIN and isinstance(entry.get("uuid"), str) and not entry.get("isSidechain"):
            self._last = entry["uuid"]

    def ended(self) -> list[Any]:
        """Return all entries."""
        self._tell()
        return self._entries

    def _tell(self) -> None:
        for event in self._heard:
            entry = self._told(event)
            if self._last is not None:
                self._moved[self._last] = entry["uuid"]
            self._entries.append(entry)
            self._last = entry["uuid"]
        self._heard = []

    def _told(self, event: v1.Event) -> dict[str, Any]:
        moment = (event.event_time if event.HasField("event_time") else event.create_time).ToDatetime(UTC)
        return {
            "type": "user",
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, event.name)),
            "parentUuid": self._last,
            "sessionId": self._session_id,
            "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "isSidechain": False,
            "userType": "external",
            "message": {"role": "user", "content": content.as_text(event, with_author=True)},
            OTHERS: event.name,
        }


def _begins_a_turn(entry: Any) -> bool:
    """Whether an entry is a prompt of the user, which is no result of a tool."""
    message = entry.get("message")
    said = message.get("content") if isinstance(message, dict) else None
    blocks = said if isinstance(said, list) else []
    has_results = any(isinstance(block, dict) and block.get("type") == "tool_result" for block in blocks)
    return entry.get("type") == "user" and not has_results
