"""A chat as a text file, line by line, and what each line is as an event."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from activity_session import v1

USER, AGENT = v1.PARTICIPANT_TYPE_USER, v1.PARTICIPANT_TYPE_AGENT
LINE_LABEL = "line"

_KINDS = {
    "message": re.compile(r"\[\d\d:\d\d\] <([^>]+)>"),
    "action": re.compile(r"\[\d\d:\d\d\] +\* (\S+)"),
    "join": re.compile(r"(?:\[\d\d:\d\d\] )?=== (\S+) (?:\[\S*\] )?has joined "),
}
_BOT = re.compile(r"bot(tu)?\d*$", re.IGNORECASE)


class Line(NamedTuple):
    """A line as it is in the file, and the nick that said it; the nick is empty if the channel itself speaks."""

    number: int
    text: str
    kind: str
    nick: str

    def event(self, namespace: str) -> v1.Event:
        """Return the line as an event. Its id is that of the line, so that a retry does not write it twice."""
        return v1.Event(
            event_id=f"line-{self.number:06}",
            author=participant_name(namespace, self.nick) if self.nick else "",
            type=self.kind,
            text=self.text,
            labels={LINE_LABEL: str(self.number)},
        )


def read_transcript(path: Path) -> list[Line]:
    texts = path.read_bytes().decode(errors="replace").removesuffix("\n").split("\n")
    return [parse_line(number, text) for number, text in enumerate(texts, start=1)]


def parse_line(number: int, text: str) -> Line:
    for kind, pattern in _KINDS.items():
        if match := pattern.match(text):
            return Line(number, text, kind, match[1])
    return Line(number, text, "system", "")


def nicks(lines: Sequence[Line]) -> list[str]:
    """Return all nicks that say or do something, in the order in which they appear."""
    return list(dict.fromkeys(line.nick for line in lines if line.nick))


def type_of(nick: str) -> v1.ParticipantType.ValueType:
    return AGENT if _BOT.search(nick) else USER


def participant_name(namespace: str, nick: str) -> str:
    return f"{namespace}/participants/{nick}"
