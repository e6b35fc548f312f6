"""Names of resources, and ids of any text.

An id has 1 to 255 characters, and may not have all of them (docs/names.md). `escape` makes an id of any text, and
`unescape` the text of that id. Clients in all languages make the same id of a text.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

LABEL = "original_id"
"""The labels that keep the text of a folded id: `original_id.1`, `original_id.2` and so on."""

_ID_CHARACTERS = 255
_LABEL_CHARACTERS = 255
_MOST_LABELS = 16
_BEGINNING_CHARACTERS = 189  # two tildes and 64 hex digits follow
_FOLD = "~~"
_ALL_ESCAPED = ("-", ".", "..")
_WHITE_SPACE = r"[ \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_PLAIN = re.compile(r"[0-9A-Za-z_.:-]{3,}")  # most are, and then there is nothing to do
_FORBIDDEN = re.compile(rf"[\x00-\x1f\x7f-\x9f/~]|\A{_WHITE_SPACE}|{_WHITE_SPACE}\Z")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_ESCAPES = re.compile(r"(?:~[0-9A-F]{2})+")
_CUT_ESCAPE = re.compile(r"~[0-9A-F]?\Z")


def escape(text: str) -> str:
    """Return the id that stands for a text: the text itself, if it can be an id and has no `~`.

    A text of any length has an id. Where that would be longer than 255 characters, it is folded: it ends with the
    SHA-256 of the text, which `labels` can keep.

    Raises:
        UnicodeEncodeError: the text has half of a surrogate pair, so that it is none.
    """
    whole = _escaped(text)
    if len(whole) <= _ID_CHARACTERS:
        return whole
    beginning = _CUT_ESCAPE.sub("", whole[:_BEGINNING_CHARACTERS])
    return f"{beginning}{_FOLD}{hashlib.sha256(text.encode()).hexdigest()}"


def unescape(id_: str, labels: Mapping[str, str] | None = None) -> str | None:
    """Return the text that `escape` has made an id of.

    Args:
        id_: an id, without the rest of the name.
        labels: those of the session or event that has the id. They tell the text of a folded id, and no other.

    Returns:
        None if the id is folded and the labels do not tell its text, or if `escape` makes this id of no text.
    """
    whole = _joined(labels or {}) if _FOLD in id_ else id_
    text = "" if whole == "~" else _ESCAPES.sub(_unescaped, whole)
    try:
        return text if escape(text) == id_ else None
    except UnicodeEncodeError:
        return None


def labels(text: str) -> dict[str, str]:
    """Return the labels that tell the text of a folded id: at most 16, each of at most 255 characters.

    Returns:
        No labels if the id of the text is not folded. None either if its escape has more than 4,080 characters, which
        16 labels cannot hold: whoever needs the text of such an id keeps it elsewhere.
    """
    whole = _escaped(text)
    if not _ID_CHARACTERS < len(whole) <= _MOST_LABELS * _LABEL_CHARACTERS:
        return {}
    starts = range(0, len(whole), _LABEL_CHARACTERS)
    return {f"{LABEL}.{n}": whole[at : at + _LABEL_CHARACTERS] for n, at in enumerate(starts, 1)}


@dataclass(frozen=True, slots=True)
class Name:
    """The ids in a name; those that it does not have are empty."""

    namespace: str
    participant: str = ""
    session: str = ""
    event: str = ""
    memory: str = ""


_FORMS = {
    ("namespaces",): ("namespace",),
    ("namespaces", "participants"): ("namespace", "participant"),
    ("namespaces", "sessions"): ("namespace", "session"),
    ("namespaces", "sessions", "events"): ("namespace", "session", "event"),
    ("namespaces", "sessions", "memories"): ("namespace", "session", "memory"),
}


def parse(name: str) -> Name:
    """Take a name apart; its ids are not unescaped.

    Raises:
        ValueError: it is not the name of a resource.
    """
    words = name.split("/")
    fields, ids = _FORMS.get(tuple(words[::2])), words[1::2]
    if fields is None or len(fields) != len(ids) or not all(ids):
        raise ValueError(f"{name!r} is not the name of a resource")
    return Name(**dict(zip(fields, ids, strict=True)))


def namespace(namespace: str) -> str:
    """Return the name of the namespace with that id."""
    return f"namespaces/{namespace}"


def participant(namespace: str, participant: str) -> str:
    """Return the name of a participant from ids, which are taken as they are."""
    return f"namespaces/{namespace}/participants/{participant}"


def session(namespace: str, session: str) -> str:
    """Return the name of a session from ids, which are taken as they are."""
    return f"namespaces/{namespace}/sessions/{session}"


def event(namespace: str, session: str, event: str) -> str:
    """Return the name of an event from ids, which are taken as they are."""
    return f"namespaces/{namespace}/sessions/{session}/events/{event}"


def memory(namespace: str, session: str, memory: str) -> str:
    """Return the name of a memory from ids, which are taken as they are."""
    return f"namespaces/{namespace}/sessions/{session}/memories/{memory}"


def _escaped(text: str) -> str:
    """The escape of a text, of any length."""
    if _PLAIN.fullmatch(text):
        return text
    text.encode()  # which half of a surrogate pair does not survive
    if text in _ALL_ESCAPED:
        return _bytes_of(text)
    once = _FORBIDDEN.sub(lambda match: _bytes_of(match[0]), text) or "~"
    # What stands around an escaped character can be in another form than NFC by itself, or compose with a hex digit.
    is_good = unicodedata.is_normalized("NFC", once)
    return once if is_good else _BEYOND_ASCII.sub(lambda match: _bytes_of(match[0]), once)


def _bytes_of(characters: str) -> str:
    return "".join(f"~{byte:02X}" for byte in characters.encode())


def _unescaped(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("~", "")).decode(errors="replace")


def _joined(labels: Mapping[str, str]) -> str:
    keys = (f"{LABEL}.{n}" for n in range(1, _MOST_LABELS + 1))
    return "".join(labels.get(key, "") for key in keys)
