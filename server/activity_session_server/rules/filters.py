"""The filter language: a subset of AIP-160, parsed into a tree that `store.lists.conditions` turns into SQL.

    filter      = sequence { "AND" sequence }
    sequence    = alternative { alternative }          (side by side means AND)
    alternative = term { "OR" term }                   (OR binds tighter than AND, as in AIP-160)
    term        = [ "NOT" | "-" ] ( "(" filter ")" | comparison )
    comparison  = FIELD ( "=" | "!=" | "<" | "<=" | ">" | ">=" | ":" ) VALUE

A value is a word or a quoted string, in which a backslash makes the next character an ordinary one. `*` at either end
of a text stands for anything. Length, terms and depth are bounded by the limits.

A text may be written in any Unicode form: what is NFC in the database (ids, names) is compared with its NFC, what is
kept as it came (descriptions, types, values of labels) with each of `Text.forms`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rules import names
from activity_session_server.rules.errors import ServiceError, invalid
from activity_session_server.rules.limits import INT64, Limits
from activity_session_server.rules.names import Kind
from activity_session_server.rules.problems import Problem, Violation, too_large


class FieldType(Enum):
    """What a field holds."""

    ID = "id"
    TEXT = "text"
    BOOL = "bool"
    TIME = "time"
    INTEGER = "integer"
    CHOICE = "choice"
    LABEL = "label"
    PARTICIPANT = "participant"
    MEMBER = "member"


_EQUALITY = ("=", "!=")
_ORDER = (*_EQUALITY, "<", "<=", ">", ">=")
_OPERATORS = {
    FieldType.ID: (*_ORDER, ":"),
    FieldType.TEXT: (*_EQUALITY, ":"),
    FieldType.BOOL: _EQUALITY,
    FieldType.TIME: _ORDER,
    FieldType.INTEGER: _ORDER,
    FieldType.CHOICE: _EQUALITY,
    FieldType.LABEL: (*_EQUALITY, ":"),
    FieldType.PARTICIPANT: _EQUALITY,
    FieldType.MEMBER: (":",),
}


class Text(NamedTuple):
    """A text to compare with: whole, or with anything before or after it."""

    text: str
    open_start: bool = False
    open_end: bool = False

    def forms(self) -> Iterator["Text"]:
        """The texts that people take for this one: as it is written, composed (NFC), and decomposed (NFD)."""
        composed, decomposed = (unicodedata.normalize(form, self.text) for form in ("NFC", "NFD"))
        return (self._replace(text=text) for text in dict.fromkeys((self.text, composed, decomposed)))


Value = Text | bool | datetime | int


class Comparison(NamedTuple):
    """One comparison; `key` is the label's key where the field is one of the labels."""

    field: str
    key: str
    operator: str
    value: Value


class Not(NamedTuple):
    """True where its part is not."""

    part: "Node"


class And(NamedTuple):
    """True where all parts are."""

    parts: tuple["Node", ...]


class Or(NamedTuple):
    """True where any part is."""

    parts: tuple["Node", ...]


Node = Comparison | Not | And | Or
Fields = Mapping[str, FieldType]

_COMMON: Fields = {
    "description": FieldType.TEXT,
    "enabled": FieldType.BOOL,
    "managed": FieldType.BOOL,
    "create_time": FieldType.TIME,
    "update_time": FieldType.TIME,
}
NAMESPACE_FIELDS: Fields = {"namespace_id": FieldType.ID, **_COMMON, "legal_hold": FieldType.BOOL}
PARTICIPANT_FIELDS: Fields = {
    "participant_id": FieldType.ID,
    "participant_type": FieldType.CHOICE,
    **_COMMON,
}
SESSION_FIELDS: Fields = {
    "session_id": FieldType.ID,
    **_COMMON,
    "auto_created": FieldType.BOOL,
    "expire_time": FieldType.TIME,
    "legal_hold": FieldType.BOOL,
    "last_sequence": FieldType.INTEGER,
    "last_event_time": FieldType.TIME,
    "labels": FieldType.LABEL,
    "participants": FieldType.MEMBER,
}
EVENT_FIELDS: Fields = {
    "type": FieldType.TEXT,
    "author": FieldType.PARTICIPANT,
    "event_time": FieldType.TIME,
    "labels": FieldType.LABEL,
}
MEMORY_FIELDS: Fields = {
    "memory_id": FieldType.ID,
    "agent": FieldType.PARTICIPANT,
    "memory_type": FieldType.CHOICE,
    "importance": FieldType.INTEGER,
    "access_count": FieldType.INTEGER,
    "create_time": FieldType.TIME,
    "update_time": FieldType.TIME,
}
# The fields that are kept as they came, in whatever Unicode form; all other texts are NFC.
FREE_TEXTS = frozenset(
    name
    for fields in (NAMESPACE_FIELDS, PARTICIPANT_FIELDS, SESSION_FIELDS, EVENT_FIELDS, MEMORY_FIELDS)
    for name, kind in fields.items()
    if kind in (FieldType.TEXT, FieldType.LABEL)
)
CHOICES = {"participant_type": ("USER", "AGENT"), "memory_type": ("OBSERVATION", "INTEGRATION")}

_SPACE = re.compile(r"\s*")
_FIELD = re.compile(r'[^\s()"=!<>:]+')
_OPERATOR = re.compile(r"!=|<=|>=|[=<>:]")
_WORD = re.compile(r'[^\s()"]+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_KEYWORDS = ("AND", "OR", "NOT")


def parse(text: str, fields: Fields, limits: Limits) -> Node | None:
    """The tree of a filter; None for an empty one.

    Raises:
        ServiceError: INVALID_FILTER with the position, counted in characters from 0; LIMIT_EXCEEDED.
    """
    if not text.strip():
        return None
    if problem := names.nul_problem(text):
        raise _error(0, problem)
    return _Parser(text, fields, limits).whole()


def _error(position: int, problem: Problem) -> ServiceError:
    place = f"filter, at character {position}"
    return ServiceError(
        ErrorReason.ERROR_REASON_INVALID_FILTER,
        f"{place}: {problem.message}",
        logged=f"{place}: {problem.text}",
        metadata={"field": "filter", "position": str(position)},
    )


def _too_large(limit: int, size: int, unit: str) -> ServiceError:
    return invalid([Violation("filter", too_large("it", limit, size, unit))])


class _RefusedError(Exception):
    """A value that its field does not take."""

    def __init__(self, text: str, value: str | None = None) -> None:
        super().__init__()
        self.problem = Problem(text, value)


class _Token(NamedTuple):
    """A value as it was written, and the field and operator before it."""

    raw: str
    is_quoted: bool
    field: str
    operator: str

    def characters(self) -> list[tuple[str, bool]]:
        """Each character, and whether a backslash stood before it."""
        characters, pairs = iter(self.raw), []
        for character in characters:
            is_escaped = self.is_quoted and character == "\\"
            pairs.append((next(characters) if is_escaped else character, is_escaped))
        return pairs

    def text(self) -> str:
        return "".join(character for character, _ in self.characters())


class _Parser:
    """Recursive descent over the text; `at` is the next character."""

    def __init__(self, text: str, fields: Fields, limits: Limits) -> None:
        self.text, self.fields, self.limits = text, fields, limits
        self.at = self.terms = self.depth = 0

    def whole(self) -> Node:
        node = self.conjunction()
        if self.at < len(self.text):
            raise _error(self.at, Problem("is unexpected", self.text[self.at]))
        return node

    def conjunction(self) -> Node:
        parts = [self.alternative()]
        while self.peek() not in ("", ")"):
            self.keyword("AND")
            parts.append(self.alternative())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def alternative(self) -> Node:
        parts = [self.term()]
        while self.keyword("OR"):
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def term(self) -> Node:
        if self.keyword("NOT") or self.take("-"):
            return Not(self.nested(self.term))
        if self.take("("):
            node = self.nested(self.conjunction)
            if not self.take(")"):
                raise _error(self.at, Problem("expected )"))
            return node
        return self.comparison()

    def nested(self, parse_part: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > self.limits.filter_depth:
            raise _too_large(self.limits.filter_depth, self.depth, "levels")
        node = parse_part()
        self.depth -= 1
        return node

    def comparison(self) -> Comparison:
        self.terms += 1
        if self.terms > self.limits.filter_terms:
            raise _too_large(self.limits.filter_terms, self.terms, "comparisons")
        field, key, kind = self.field()
        start = self.skip_space()
        operator = self.match(_OPERATOR, "expected an operator").group()
        if operator not in _OPERATORS[kind]:
            raise _error(start, Problem(f"{field} does not take {operator}"))
        return self.with_value(Comparison(field, key, operator, value=False), kind)

    def field(self) -> tuple[str, str, FieldType]:
        start = self.skip_space()
        path = self.match(_FIELD, "expected a field").group()
        field, _, key = path.partition(".")
        kind = self.fields.get(field)
        if path in _KEYWORDS or kind is None or (kind is FieldType.LABEL) != bool(key):
            known = ", ".join("labels.KEY" if name == "labels" else name for name in self.fields)
            raise _error(start, Problem(f"is not one of {known}", path))
        if key and not (kind is FieldType.LABEL and names.is_label_key(key)):
            raise _error(start, Problem("is not the key of a label", key))
        return field, key, kind

    def with_value(self, comparison: Comparison, kind: FieldType) -> Comparison:
        start = self.skip_space()
        token = _Token(*self.value_text(), comparison.field, comparison.operator)
        try:
            value = _VALUES[kind](token)
        except _RefusedError as error:
            raise _error(start, error.problem) from None
        return comparison._replace(value=value)

    def value_text(self) -> tuple[str, bool]:
        if self.peek() == '"':
            return self.match(_QUOTED, "the string has no closing quote").group(1), True
        start = self.at
        word = self.match(_WORD, "expected a value").group()
        if word in _KEYWORDS:
            raise _error(start, Problem(f"expected a value, not {word}"))
        return word, False

    def skip_space(self) -> int:
        matched = _SPACE.match(self.text, self.at)
        self.at = matched.end() if matched else self.at
        return self.at

    def peek(self) -> str:
        self.skip_space()
        return self.text[self.at : self.at + 1]

    def take(self, character: str) -> bool:
        found = self.peek() == character
        self.at += found
        return found

    def keyword(self, word: str) -> bool:
        self.skip_space()
        matched = _FIELD.match(self.text, self.at)
        found = matched is not None and matched.group() == word
        self.at += len(word) * found
        return found

    def match(self, expression: re.Pattern[str], otherwise: str) -> re.Match[str]:
        start = self.skip_space()
        matched = expression.match(self.text, start)
        if matched is None:
            raise _error(start, Problem(otherwise))
        self.at = matched.end()
        return matched


def _text_value(token: _Token) -> Text:
    characters = token.characters()
    open_start = bool(characters) and characters[0] == ("*", False)
    open_end = len(characters) > open_start and characters[-1] == ("*", False)
    inner = characters[open_start : len(characters) - open_end]
    if ("*", False) in inner:
        raise _RefusedError("* stands for anything only at either end; write \\\\* in quotes for itself")
    text = "".join(character for character, _ in inner)
    if (open_start or open_end) and token.operator in ("<", "<=", ">", ">="):
        raise _RefusedError(f"* cannot be compared by {token.operator}")
    if token.operator == ":":
        return Text(text, open_start=True, open_end=True)
    return Text(text, open_start, open_end)


def _bool_value(token: _Token) -> bool:
    if token.is_quoted or token.raw not in ("true", "false"):
        raise _RefusedError("expected true or false")
    return token.raw == "true"


def _time_value(token: _Token) -> datetime:
    text = token.text()
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _RefusedError("is not a time of RFC 3339, such as 2026-01-31T12:00:00Z", text) from None


def _integer_value(token: _Token) -> int:
    text = token.text()
    if not re.fullmatch(r"-?[0-9]{1,19}", text, re.ASCII) or not -INT64 <= int(text) < INT64:
        raise _RefusedError("is not a whole number of 64 bits", text)
    return int(text)


def _choice_value(token: _Token) -> Text:
    text, choices = token.text().removeprefix(f"{token.field.upper()}_"), CHOICES[token.field]
    if text not in choices:
        raise _RefusedError(f"is not one of {', '.join(choices)}", text)
    return Text(text)


def _participant_value(token: _Token) -> Text:
    return _member_value(token) if token.raw else Text("")


def _member_value(token: _Token) -> Text:
    text = _composed(token.text())
    if problem := names.problem(Kind.PARTICIPANT, text):
        raise _RefusedError(problem.text, problem.value)
    return Text(text)


def _id_value(token: _Token) -> Text:
    value = _text_value(token)
    return value._replace(text=_composed(value.text))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


_VALUES: Mapping[FieldType, Callable[[_Token], Value]] = {
    FieldType.ID: _id_value,
    FieldType.TEXT: _text_value,
    FieldType.LABEL: _text_value,
    FieldType.BOOL: _bool_value,
    FieldType.TIME: _time_value,
    FieldType.INTEGER: _integer_value,
    FieldType.CHOICE: _choice_value,
    FieldType.PARTICIPANT: _participant_value,
    FieldType.MEMBER: _member_value,
}
