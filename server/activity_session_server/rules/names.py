"""Resource names (AIP-122) and the ids they are made of.

An id is 1 to 255 characters of any script: no slash, no control character, no white space at either end, Unicode NFC
(AIP-210), and not `-`, which stands for "any" in a parent (AIP-159). Ids are compared code point by code point. Those
that the server makes are UUIDs of version 7 (RFC 9562, section 5.7), milliseconds first, then random bits: what is made
at one time lies together in an index, so that ten events change one page of it, where random ids would change ten.
"""

import os
import re
import time
import unicodedata
from enum import StrEnum

from activity_session_server.rules.limits import ID_CHARACTERS, LABEL_KEY_CHARACTERS
from activity_session_server.rules.problems import Problem, too_large

WILDCARD = "-"


class Kind(StrEnum):
    """The kinds of resources, as they stand in field names, reasons and resource types."""

    NAMESPACE = "namespace"
    PARTICIPANT = "participant"
    SESSION = "session"
    EVENT = "event"
    MEMORY = "memory"


_COLLECTIONS = {
    Kind.NAMESPACE: ("namespaces",),
    Kind.PARTICIPANT: ("namespaces", "participants"),
    Kind.SESSION: ("namespaces", "sessions"),
    Kind.EVENT: ("namespaces", "sessions", "events"),
    Kind.MEMORY: ("namespaces", "sessions", "memories"),
}
_FORMATS = {kind: "/".join(f"{word}/%s" for word in words) for kind, words in _COLLECTIONS.items()}
# Most names are of such ids, and need not be looked at more closely.
_PLAIN_ID = rf"(?!-(?:/|$))[A-Za-z0-9_.~-]{{1,{ID_CHARACTERS}}}"
_IS_PLAIN = {
    kind: re.compile("/".join(f"{word}/{_PLAIN_ID}" for word in words)).fullmatch
    for kind, words in _COLLECTIONS.items()
}
# The digit after the third dash has the variant in its first two bits, and two random ones.
_VARIANTS = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LABEL_KEY = re.compile(rf"(?=.{{1,{LABEL_KEY_CHARACTERS}}}$)[A-Za-z0-9][A-Za-z0-9_./-]*")


def pattern(kind: Kind) -> str:
    """The form of a name, such as `namespaces/{namespace}/sessions/{session}`."""
    singular = {"memories": "memory"}
    return "/".join(f"{word}/{{{singular.get(word, word.removesuffix('s'))}}}" for word in _COLLECTIONS[kind])


def format_name(kind: Kind, *ids: str) -> str:
    """The name of a resource from the ids in it."""
    return _FORMATS[kind] % ids


def kind_of(name: str) -> Kind | None:
    """The kind of resource that a text has the form of a name of."""
    collections = tuple(name.split("/")[::2])
    return next((kind for kind, words in _COLLECTIONS.items() if words == collections), None)


def kind_of_parent(kind: Kind) -> Kind | None:
    """The kind of resource that resources of a kind belong to."""
    return next((parent for parent, words in _COLLECTIONS.items() if words == _COLLECTIONS[kind][:-1]), None)


def ids_of(name: str) -> tuple[str, ...]:
    """The ids in a name that `problem` has passed."""
    return tuple(name.split("/")[1::2])


def parent_of(name: str) -> str:
    """The name of the resource that a resource belongs to."""
    return name.rsplit("/", 2)[0]


def problem(kind: Kind, name: str, *, any_of_it: bool = False) -> Problem | None:
    """What keeps a text from being a name of that kind; `-` can be its last id only where `any_of_it` allows it."""
    if _IS_PLAIN[kind](name):
        return None
    words = name.split("/")
    collections = _COLLECTIONS[kind]
    if len(words) != 2 * len(collections) or tuple(words[::2]) != collections:
        return Problem(f"is not of the form {pattern(kind)}", name)
    if any_of_it and words[-1] == WILDCARD:
        del words[-2:]
    return next(filter(None, map(id_problem, words[1::2])), None)


def id_problem(id_: str) -> Problem | None:
    """What keeps a text from being an id."""
    if not id_:
        return Problem("an id must not be empty")
    if len(id_) > ID_CHARACTERS:
        return too_large("the id", ID_CHARACTERS, len(id_), "characters")
    if id_ == WILDCARD:
        return Problem("the id - is reserved")
    if "/" in id_:
        return Problem("is an id with a slash", id_)
    if id_ != id_.strip():
        return Problem("is an id with white space at an end", id_)
    return exact_problem(id_)


def exact_problem(text: str) -> Problem | None:
    """What keeps a text from being compared like an id: a control character, or not NFC (AIP-210)."""
    if problem := line_problem(text):
        return problem
    if not unicodedata.is_normalized("NFC", text):
        return Problem("is not in the Unicode normal form NFC", text)
    return None


def line_problem(text: str) -> Problem | None:
    """What keeps a free text from being one line: a control character."""
    return Problem("contains a control character", text) if _CONTROL.search(text) else None


def nul_problem(text: str) -> Problem | None:
    """What keeps a free text from being kept, or compared alike, by all databases: NUL."""
    return Problem("contains the character U+0000", text) if "\0" in text else None


def is_label_key(key: str) -> bool:
    """Whether a text is a label key: letters and digits, and _ - . / after the first."""
    return _LABEL_KEY.fullmatch(key) is not None


def uuid7_hex() -> str:
    """A new UUID as 32 hex digits."""
    return new_id().replace("-", "")


def new_id() -> str:
    """The id of a resource whose maker has given none: a new UUID in its usual form."""
    time_, random = f"{time.time_ns() // 1_000_000:012x}", os.urandom(10).hex()
    return f"{time_[:8]}-{time_[8:]}-7{random[:3]}-{_VARIANTS[random[3]]}{random[4:7]}-{random[8:]}"
