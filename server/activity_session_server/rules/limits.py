"""What requests and responses may hold at most.

Each limit is a setting of the server, a field of `ServerLimits` in GetServerInfo and a row of docs/limits.md; a test
holds the three together.
"""

from datetime import timedelta
from functools import cached_property
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from activity_session_server.rules.durations import in_seconds

KIB = 1024
MIB = 1024 * KIB
# Whole numbers are below this.
INT64 = 2**63

# Characters: limits that are widths of columns, or part of the form of a name, and so cannot be set.
ID_CHARACTERS = 255
UID_CHARACTERS = 64
LABEL_KEY_CHARACTERS = 63
LABEL_VALUE_CHARACTERS = 255
ROLE_CHARACTERS = 64
REQUEST_ID_CHARACTERS = 128
EVENT_TYPE_CHARACTERS = 255
MEDIA_TYPE_CHARACTERS = 255
STATE_KEY_CHARACTERS = 255
SUBJECT_CHARACTERS = 255

# Fields on the wire, generously: those of an event, of an entry of a map with its tag, and so on.
_EVENT_FIELDS, _UPDATE_FIELDS, _MEMORY_FIELDS, _ENTRY_FIELDS, _OTHER_FIELDS = 24, 8, 64, 4, 1000


Span = Annotated[timedelta, BeforeValidator(in_seconds)]


class Limits(BaseModel):
    """The limits of a server. Bytes are bytes of UTF-8, characters are Unicode code points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request_bytes: int = Field(4 * MIB, ge=64 * KIB, le=256 * MIB, description="bytes of a request")
    response_bytes: int = Field(
        4 * MIB,
        ge=64 * KIB,
        le=256 * MIB,
        description="bytes of a response; clients must take as many (gRPC's default is 4 MiB)",
    )
    description_bytes: int = Field(64 * KIB, ge=1, le=16 * MIB, description="bytes of a description")
    data_bytes: int = Field(3 * MIB, ge=1, le=255 * MIB, description="bytes of a session's data")
    labels: int = Field(64, ge=0, le=1024, description="labels of a session or an event")
    session_participants: int = Field(256, ge=1, le=4096, description="participants of a session")
    collection_overrides: int = Field(64, ge=0, le=1024, description="collection overrides in a session's settings")
    event_content_bytes: int = Field(MIB, ge=1, le=64 * MIB, description="bytes of an event's content")
    batch_events: int = Field(100, ge=1, le=1000, description="events of an AppendEvents call")
    superseded_ranges: int = Field(
        10_000, ge=1, le=1_000_000, description="ranges of superseded events of a session, those that touch as one"
    )
    batch_bytes: int = Field(
        3 * MIB, ge=1, le=255 * MIB, description="bytes of all events and state updates, or of all memories, of a call"
    )
    state_value_bytes: int = Field(256 * KIB, ge=1, le=16 * MIB, description="bytes of the value of a state key")
    state_keys: int = Field(
        10_000, ge=1, le=100_000, description="keys of a namespace's, a participant's or a session's state"
    )
    state_updates: int = Field(100, ge=1, le=1000, description="state updates, or keys asked for, of a call")
    memory_content_bytes: int = Field(256 * KIB, ge=1, le=16 * MIB, description="bytes of a memory's content")
    batch_memories: int = Field(100, ge=1, le=1000, description="memories of a BatchCreateMemories call")
    turn_ttl: Span = Field(
        timedelta(hours=1),
        ge=timedelta(seconds=30),
        le=timedelta(days=365),
        description="the longest time for which a turn is given at once",
    )
    watches: int = Field(5000, ge=1, le=100_000, description="watches that are open at once")
    watches_per_connection: int = Field(
        1000, ge=1, le=100_000, description="watches that are open at once on one connection"
    )
    watch_backlog: int = Field(
        10_000, ge=1, le=1_000_000_000, description="events that a watch may be behind while its client does not read"
    )
    waiting_turns: int = Field(1000, ge=1, le=100_000, description="calls that wait for a turn at once")
    waiting_turns_per_connection: int = Field(
        200, ge=1, le=100_000, description="calls that wait for a turn at once on one connection"
    )
    namespace_sessions: int = Field(
        0, ge=0, le=1_000_000, description="sessions of a namespace whose settings do not say how many; 0: any number"
    )
    namespace_bytes: int = Field(
        0,
        ge=0,
        le=2**50,
        description="bytes that are stored in a namespace whose settings do not say how many; 0: any number",
    )
    # SQLite takes patterns of up to 50,000 bytes, and a character has up to twelve when it is decomposed.
    filter_characters: int = Field(2000, ge=1, le=4_000, description="characters of a filter")
    filter_terms: int = Field(50, ge=1, le=200, description="comparisons in a filter")
    filter_depth: int = Field(16, ge=1, le=50, description="nested levels of a filter")
    filter_rows: int = Field(
        2000, ge=1, le=1_000_000, description="rows that a page of a list with a filter looks at; it can be short"
    )
    request_id_age: Span = Field(
        timedelta(hours=24), gt=timedelta(0), description="how long a request id is remembered"
    )

    purge_age: Span = Field(
        timedelta(days=30),
        gt=timedelta(0),
        le=timedelta(days=36_525),
        description="how long a deleted session is kept before it is expunged",
    )
    state_history_age: Span = Field(
        timedelta(days=7),
        ge=timedelta(0),
        le=timedelta(days=36_525),
        description="how long a former value in the state of a session is kept; 0: it is not",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in ("request_bytes", "response_bytes"):
            if getattr(self, name) < self.largest_answer_bytes:
                raise ValueError(
                    f"{name}: must be {self.largest_answer_bytes} at least, for the largest session and batch to fit"
                )
        return self

    @cached_property
    def request_fields(self) -> int:
        """Fields of a request on the wire, those of nested messages included: what the largest batch has, and room."""
        events = self.batch_events * (_EVENT_FIELDS + _ENTRY_FIELDS * self.labels)
        updates = self.state_updates * _UPDATE_FIELDS
        memories = self.batch_memories * _MEMORY_FIELDS
        entries = self.labels + self.collection_overrides + self.session_participants
        return max(events + updates, memories, _ENTRY_FIELDS * entries + self.update_mask_paths) + _OTHER_FIELDS

    @property
    def largest_answer_bytes(self) -> int:
        """Bytes of the largest response that is not a page: a session, a batch, or one event, value or memory."""
        name = 4 * 3 * self.id_characters + 64
        batch = self.batch_bytes + max(self.batch_events, self.batch_memories) * (name + 256)
        content = self.event_content_bytes + self.labels * self._label_bytes
        return max(self.largest_session_bytes, batch, content, self.state_value_bytes, self.memory_content_bytes)

    @property
    def largest_session_bytes(self) -> int:
        """Bytes of a session with everything at its limit, each character at its four bytes, and some room."""
        name = 4 * 2 * self.id_characters + 32
        member = name + 4 * self.role_characters + 64
        override = 4 * 2 * self.id_characters + 16
        return (
            (self.data_bytes + self.description_bytes + 2 * name + 4 * KIB)
            + self.labels * self._label_bytes
            + self.session_participants * member
            + self.collection_overrides * override
        )

    @property
    def _label_bytes(self) -> int:
        return self.label_key_characters + 4 * self.label_value_characters + 16

    @property
    def id_characters(self) -> int:
        """Characters of an id; the column's width."""
        return ID_CHARACTERS

    @property
    def label_key_characters(self) -> int:
        """Characters of a label's key."""
        return LABEL_KEY_CHARACTERS

    @property
    def label_value_characters(self) -> int:
        """Characters of a label's value."""
        return LABEL_VALUE_CHARACTERS

    @property
    def role_characters(self) -> int:
        """Characters of a participant's role; the column's width."""
        return ROLE_CHARACTERS

    @property
    def batch_get_names(self) -> int:
        """Names of a batch read."""
        return 100

    @property
    def superseded_exceptions(self) -> int:
        """Exceptions of a range that is superseded."""
        return 100

    @property
    def update_mask_paths(self) -> int:
        """Paths of an update mask."""
        return 256

    @property
    def state_value_levels(self) -> int:
        """Nested levels of the value of a state key; many parsers of JSON take no more than a thousand."""
        return 512

    @property
    def page_size(self) -> int:
        """Rows of a page."""
        return 1000

    @property
    def request_id_characters(self) -> int:
        """Characters of a request id; the column's width."""
        return REQUEST_ID_CHARACTERS

    @property
    def event_type_characters(self) -> int:
        """Characters of an event's type; the column's width."""
        return EVENT_TYPE_CHARACTERS

    @property
    def media_type_characters(self) -> int:
        """Characters of an event's media type; the column's width."""
        return MEDIA_TYPE_CHARACTERS

    @property
    def state_key_characters(self) -> int:
        """Characters of a state key; the column's width."""
        return STATE_KEY_CHARACTERS
