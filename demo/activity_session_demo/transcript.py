"""A chat as a file, line by line or message by message, and what each of them is as an event."""

import codecs
import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from activity_session import v1

USER, AGENT = v1.PARTICIPANT_TYPE_USER, v1.PARTICIPANT_TYPE_AGENT
LINE_LABEL = "line"
NICK_CHARACTERS = 255

# As in 09:00, [09:00:01], 2010-03-20T09:00:01+0000 and Mar 20 09:00.
_DATE = r"(?:\d{1,4}[-/.]\d\d?[-/.]\d{1,4}|[A-Z][a-z]{2} +\d\d?)"
_TIME = rf"[\[(]?(?:{_DATE}[T ] *)?\d\d?:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d| ?[AaPp][Mm])?[\])]?"
# Before a nick stands what it may do in the channel.
_MODE = "[ @+%&~!]?"
_SPOKEN = rf"<{_MODE}(?P<message>[^>]+)>|\*\s+(?P<action>\S+)"
# What a line is, by the name of the group that has the nick. mIRC first: who joins looks like who acts there.
FORMATS = {
    "mIRC": rf"{_TIME} +(?:\*+\s+(?P<join>\S+) \(\S*\) has joined |{_SPOKEN})",
    "irssi": rf"{_TIME} +(?:-!- (?P<join>\S+) \[\S*\] has joined |{_SPOKEN})",
    "energymech": rf"{_TIME} +(?:\*+ Joins: (?P<join>\S+) |{_SPOKEN})",
    "Ubuntu's channels": rf"(?:{_TIME} +)?=== (?P<join>\S+) (?:\[\S*\] )?has joined ",
    "WeeChat": (
        rf"{_TIME}\t(?:-->\t(?P<join>\S+) \(\S*\) has joined | \*\t(?P<action>\S+)"
        rf"|{_MODE}(?P<message>[^\t =<-][^\t]*)\t)"
    ),
}
_PATTERNS = [re.compile(form) for form in FORMATS.values()]
_KNOWN = f"logs of {', '.join(FORMATS)}, and exports of Slack and Discord as JSON, in UTF-8 or UTF-16"
_JOINS = {"channel_join", "GuildMemberJoin"}
_BOT = re.compile(r"bot(tu)?\d*$", re.IGNORECASE)
# What an id cannot have; and %, so that different nicks have different ids.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f/%]|^\s+|\s+$|^-$")
_SHOWN_CHARACTERS = 80


class TranscriptError(Exception):
    """The file has no chat that can be read; the text says which file, and why."""


class Line(NamedTuple):
    """A line as it is in the file, and who said it, as an id; the nick is empty if the channel itself speaks."""

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
    """Return the lines of a log, or the messages of an export.

    Raises:
        TranscriptError: if none of them has a nick.
    """
    text = decoded(path.read_bytes())
    lines = parse_export(text) or parse_log(text)
    if not nicks(lines):
        first = lines[0].text[:_SHOWN_CHARACTERS]
        found = f"no line of a chat in it; the first is {first!r}" if text else "it is empty"
        raise TranscriptError(f"{path}: {found}. What can be read: {_KNOWN}")
    return lines


def decoded(content: bytes) -> str:
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf16 else "utf-8-sig", errors="replace")


def parse_log(text: str) -> list[Line]:
    texts = text.removesuffix("\n").split("\n")
    return [parse_line(number, text) for number, text in enumerate(texts, start=1)]


def parse_line(number: int, text: str) -> Line:
    for pattern in _PATTERNS:
        if (match := pattern.match(text)) and match.lastgroup:
            return Line(number, text, match.lastgroup, id_of(match[match.lastgroup]))
    return Line(number, text, "system", "")


def parse_export(text: str) -> list[Line]:
    """Return the messages of an export of Slack or Discord; none if the text is something else."""
    try:
        export = json.loads(text)
        messages = export["messages"] if isinstance(export, dict) else export
        return [parse_message(number, message) for number, message in enumerate(messages, start=1)]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []


def parse_message(number: int, message: dict[str, Any]) -> Line:
    author = message.get("author") or message.get("user_profile") or {}
    nick = author.get("name") or message.get("username") or message.get("user") or ""
    text = message["content"] if "content" in message else message["text"]
    has_joined = _JOINS & {message.get("type"), message.get("subtype")}
    kind = "join" if has_joined else "message" if nick else "system"
    # JSON can have halves of characters, which no event can.
    return Line(number, text.encode(errors="replace").decode(), kind, id_of(nick.encode(errors="replace").decode()))


def id_of(nick: str) -> str:
    """Return a nick as the id of a participant: what an id cannot have is written as in a URL."""
    fit = _UNFIT.sub(lambda unfit: "".join(f"%{byte:02X}" for byte in unfit[0].encode()), nick)
    return unicodedata.normalize("NFC", fit)[:NICK_CHARACTERS].strip()


def nicks(lines: Sequence[Line]) -> list[str]:
    """Return all nicks that say or do something, in the order in which they appear."""
    return list(dict.fromkeys(line.nick for line in lines if line.nick))


def type_of(nick: str) -> v1.ParticipantType.ValueType:
    return AGENT if _BOT.search(nick) else USER


def participant_name(namespace: str, nick: str) -> str:
    return f"{namespace}/participants/{nick}"
