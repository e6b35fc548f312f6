"""The kinds of lines in an export: for each table what a row is called, its columns, and its order.

A table or a column that is not here is left out of exports; a test knows each of them by name.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Column, Table

from activity_session_server.orm import (
    ActivitySession,
    ActivitySessionParticipant,
    Event,
    EventMark,
    FormerMember,
    FormerSession,
    HiddenRange,
    Memory,
    Namespace,
    Participant,
    PastState,
    State,
    StateOwner,
)
from activity_session_server.orm.base import Base, table_of

_SESSION_KEY = "activity_session_pkid"
_TIME = "_ts"


class Kind(NamedTuple):
    """A kind of lines.

    `word` is the key of such a line. `order` are the columns that rows of one owner are in the order of; an index has
    them. `owner` is the column of their owner, and `owner_word` what a line calls the owner's name; none where the name
    of the row itself has that. `collection` stands before the id in that name. `people` are columns with the uid of a
    participant, whose name a line has under another word. `derived` follow from the rest of the line.
    """

    word: str
    table: Table
    order: tuple[str, ...]
    owner: str = ""
    owner_word: str = ""
    collection: str = ""
    people: Mapping[str, str] = {}
    renamed: Mapping[str, str] = {}
    derived: frozenset[str] = frozenset()

    @property
    def fields(self) -> dict[str, Column[object]]:
        """The columns that a line has as they are, by what it calls them."""
        apart = {self.owner, *self.people, *self.derived, *(["name"] if self.collection else [])}
        return {
            self.renamed.get(column.name) or _word(column.name): column
            for column in self.table.columns
            if column.name not in apart
        }


def _word(column: str) -> str:
    """What the API calls a column."""
    if column == "pkid":
        return "uid"
    return f"{column.removesuffix(_TIME)}_time" if column.endswith(_TIME) else column


def _kind(word: str, mapped: type[Base], *order: str, owner: str = "", owner_word: str = "", **rest: object) -> Kind:
    return Kind(word, table_of(mapped), order, owner, owner_word, **rest)  # type: ignore[arg-type]  # passed on


_BY_AGE = ("create_ts", "pkid")
NAMESPACE = _kind("namespace", Namespace, *_BY_AGE, collection="namespaces")
PARTICIPANT = _kind("participant", Participant, *_BY_AGE, owner="namespace_pkid", collection="participants")
SESSION = _kind("session", ActivitySession, *_BY_AGE, owner="namespace_pkid", collection="sessions")
FORMER_SESSION = _kind(
    "former_session",
    FormerSession,
    "name",
    owner="namespace_pkid",
    owner_word="namespace",
    renamed={"name": "session_id"},
)
MEMBER = _kind(
    "member",
    ActivitySessionParticipant,
    "participant_pkid",
    owner=_SESSION_KEY,
    owner_word="session",
    people={"participant_pkid": "participant"},
    derived=frozenset({"session_name", "session_create_ts"}),
)
FORMER_MEMBER = _kind(
    "former_member",
    FormerMember,
    "participant_pkid",
    owner=_SESSION_KEY,
    owner_word="session",
    people={"participant_pkid": "participant"},
)
# Its line is made of the message alone.
EVENT = _kind(
    "event",
    Event,
    "sequence",
    owner=_SESSION_KEY,
    owner_word="session",
    derived=frozenset({"sequence", "event_id", "author", "event_type", "labels", "event_ts", "create_ts"}),
)
MARK = _kind("mark", EventMark, "sequence", "first_sequence", owner=_SESSION_KEY, owner_word="session")
HIDDEN_RANGE = _kind("hidden_range", HiddenRange, "last_sequence", owner=_SESSION_KEY, owner_word="session")
STATE = _kind("state", State, "key", owner="owner_pkid", owner_word="owner")
FORMER_VALUE = _kind("former_value", PastState, "key", "sequence", owner="owner_pkid", owner_word="owner")
STATE_OWNER = _kind("state_owner", StateOwner, "owner_pkid", owner="owner_pkid", owner_word="owner")
MEMORY = _kind(
    "memory",
    Memory,
    "name",
    owner=_SESSION_KEY,
    collection="memories",
    people={"agent_pkid": "agent"},
    derived=frozenset({"namespace_pkid"}),
)

_OWNED = {
    NAMESPACE.word: (STATE, STATE_OWNER, FORMER_SESSION),
    PARTICIPANT.word: (STATE, STATE_OWNER),
    SESSION.word: (MEMBER, FORMER_MEMBER, EVENT, MARK, HIDDEN_RANGE, STATE, FORMER_VALUE, STATE_OWNER, MEMORY),
}
HEADERS = (NAMESPACE, PARTICIPANT, SESSION)


def owned_by(header: Kind) -> tuple[Kind, ...]:
    """What belongs to a namespace, a participant or a session, in the order in which it comes after it."""
    return _OWNED[header.word]


# An order in which rows can be written: owners first, where a foreign key says so.
KINDS = (*HEADERS, FORMER_SESSION, *owned_by(SESSION))
BY_WORD = {kind.word: kind for kind in KINDS}
