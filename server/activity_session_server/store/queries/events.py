"""The queries of events, which take and give them as bytes; those of lists are in `event_lists`."""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, select, update

from activity_session.v1.event_pb2 import Event as EventMessage
from activity_session_server.orm import ActivitySession, Event, InheritedRange, Namespace
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules import session_settings
from activity_session_server.rules.errors import not_found
from activity_session_server.rules.names import Kind, format_name, ids_of
from activity_session_server.store.codec.events import Encoder, Given, created, given_by_server
from activity_session_server.store.codec.resources import to_datetime
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries import heads
from activity_session_server.store.queries.event_columns import EVENT, MESSAGE_BYTES, SMALL_MESSAGE, TABLE
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import inherited, logs
from activity_session_server.store.queries.history.logs import Told
from activity_session_server.store.readers import Raced, Reader, Writer, utc_clock

# By way of the session: all events of an expunged session are out of reach at once. Not by a join, of which PostgreSQL
# does not know that it finds one session, and would sort all of its events. With the revision of its
# log, so that nothing is found where another one was thought of; 0 is that of a log without marks.
_SESSION = (
    select(ActivitySession.pkid)
    .join_from(ActivitySession, Namespace)
    .where(ActivitySession.name == bindparam("session"), Namespace.name == bindparam("namespace"))
    .where(ActivitySession.history_revision == bindparam("revision"))
    .scalar_subquery()
)
OF_SESSION = Event.activity_session_pkid == _SESSION
IS_AS_KNOWN = bindparam("known") == _SESSION
_GET = Statement(EVENT.where(OF_SESSION, Event.event_id == bindparam("id")))
_IS_AMONG = Event.event_id.in_(bindparam("ids", expanding=True))


class Lookup(NamedTuple):
    """Finds events by their ids: rows of a session, and for a fork those of others too."""

    own: Statement
    inherited: Statement


def _lookup(events: Select[Any]) -> Lookup:
    is_inherited = and_(
        InheritedRange.activity_session_pkid == bindparam("its_session"),
        Event.activity_session_pkid == InheritedRange.source_pkid,
        Event.sequence >= InheritedRange.first_sequence,
        Event.sequence <= InheritedRange.last_sequence,
    )
    own = events.where(Event.activity_session_pkid == bindparam("its_session"), _IS_AMONG)
    inherited = events.join_from(InheritedRange, Event, is_inherited).where(_IS_AMONG)
    return Lookup(Statement(own, many="ids"), Statement(inherited, many="ids"))


FIND = _lookup(EVENT)
_NEXT = (
    EVENT.where(Event.activity_session_pkid == bindparam("its_session"), Event.sequence > bindparam("after"))
    .order_by(Event.sequence)
    .limit(bindparam("most"))
)
_AFTER = Statement(_NEXT)
_SMALL_AFTER = Statement(_NEXT.with_only_columns(TABLE.c.sequence, TABLE.c.event_id, SMALL_MESSAGE))
# One that has more than `most_bytes` comes without its message.
_SIZED = select(
    TABLE.c.activity_session_pkid, TABLE.c.sequence, TABLE.c.event_id, MESSAGE_BYTES.label("size"), SMALL_MESSAGE
)
_BATCH = Statement(
    _SIZED.where(OF_SESSION, _IS_AMONG),
    many="ids",
)
_FIND_SIZED = _lookup(_SIZED)
# The number is compared too: on Galera a lock holds on one node only. An `expire_ts` that is given is written too,
# and a `history_revision`.
_COUNT = Statement(
    update(table_of(ActivitySession))
    .where(ActivitySession.pkid == bindparam("its_uid"), ActivitySession.last_sequence == bindparam("its_last"))
    .values(
        last_sequence=bindparam("its_new_last"),
        last_event_sequence=bindparam("its_new_last"),
        last_event_ts=bindparam("its_time"),
        log_bytes=ActivitySession.log_bytes + bindparam("its_bytes"),
    )
)


def get_event(reader: Reader, namespace_id: str, session_id: str, event_id: str) -> bytes:
    """An event, also of a deleted session.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND, EVENT_NOT_FOUND.
    """
    values = {"namespace": namespace_id, "session": session_id, "id": event_id}
    row = reader.row(_GET, {**values, "revision": 0})
    session = format_name(Kind.SESSION, namespace_id, session_id)
    if row is None:
        head = heads.get_head(reader, namespace_id, session_id)
        for row in find_unpurged(reader, head, FIND, [event_id]):
            return logs.with_marks(reader, head, [row.sequence], Encoder(session).whole)(row)
        raise not_found(Kind.EVENT, f"{session}/events/{event_id}")
    return Encoder(session).whole(row)


def batch_get_events(
    reader: Reader,
    session: str,
    event_ids: Sequence[str],
    *,
    omit_content: bool,
    most_bytes: int,
    check_size: Callable[[int], None],
) -> list[bytes]:
    """The events with those ids, in their order, also of a deleted session: one statement, unless some are large.

    Those that have more than their share of `most_bytes` are read after the others, about so many bytes at a time.
    All are of one moment even so, since events do not change unless they are redacted. `check_size` may refuse what
    they have together, which is known before.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND, EVENT_NOT_FOUND with the first that is missing.
    """
    namespace_id, session_id = ids_of(session)
    ids = list(dict.fromkeys(event_ids))
    values: dict[str, Any] = {"namespace": namespace_id, "session": session_id, "ids": ids}
    values["most_bytes"] = most_bytes // len(event_ids)
    encoder = Encoder(session)
    encode: Callable[[AnyRow], bytes] = encoder.without_content if omit_content else encoder.whole
    found = reader.rows(_BATCH, {**values, "revision": 0})
    if len(found) < len(ids):
        head = heads.get_head(reader, namespace_id, session_id)
        if head.history_revision:
            found = find_unpurged(reader, head, _FIND_SIZED, ids, most_bytes=values["most_bytes"])
        encode = logs.with_marks(reader, head, [row.sequence for row in found], encode)
    sizes = {row.event_id: row.size for row in found}
    for event_id in event_ids:
        if event_id not in sizes:
            raise not_found(Kind.EVENT, f"{session}/events/{event_id}")
    if not omit_content:
        check_size(sum(sizes[event_id] for event_id in event_ids))
    events = {row.event_id: encode(row) for row in _with_messages(reader, found, most_bytes)}
    return [events[event_id] for event_id in event_ids]


def _with_messages(reader: Reader, found: Sequence[AnyRow], most_bytes: int) -> Iterator[AnyRow]:
    """Rows as they were found, and anew those that came without their messages."""
    large = [row for row in found if row.message is None]
    yield from (row for row in found if row.message is not None)
    while large:
        ends = itertools.accumulate(row.size for row in large)
        portion = large[: max(sum(end <= most_bytes for end in ends), 1)]
        rows = _read_again(reader, portion)
        if len(rows) < len(portion):
            # Purged meanwhile.
            raise Raced
        yield from rows
        large = large[len(portion) :]


def _read_again(reader: Reader, rows: Sequence[AnyRow]) -> list[AnyRow]:
    owner = attrgetter("activity_session_pkid")
    found: list[AnyRow] = []
    for uid, some in itertools.groupby(sorted(rows, key=owner), owner):
        found += reader.rows(FIND.own, {"its_session": uid, "ids": [row.event_id for row in some]})
    return found


def find_events(reader: Reader, session: Head, event_ids: Collection[str]) -> dict[str, EventMessage]:
    """The events with those ids that exist, by id, without their names."""
    rows = _find(reader, session, FIND, event_ids)
    return {row.event_id: EventMessage.FromString(row.message) for row in rows}


def find_unpurged(reader: Reader, head: Head, lookup: Lookup, ids: Collection[str], **values: Any) -> list[AnyRow]:
    """The rows of the events with those ids that are there: a fork may still show one that this session has lost."""
    return [row for row in _find(reader, head, lookup, ids, **values) if row.sequence >= head.first_sequence]


def _find(reader: Reader, head: Head, lookup: Lookup, ids: Collection[str], **values: Any) -> list[AnyRow]:
    values |= {"its_session": head.uid, "ids": list(ids)}
    inherited = reader.rows(lookup.inherited, values) if head.inherited_sequence else ()
    return [*reader.rows(lookup.own, values), *inherited]


def told_after(
    reader: Reader, session: Head, after: int, most: int, most_bytes: int, *, show_superseded: bool
) -> list[Told]:
    """The next events after a number as watches tell them, one at least, up to a gap.

    They have about `most_bytes` at most; one event that is larger comes alone. An expunged session has a gap while its
    log is removed. `session` says up to where there are events, and whether there are marks among them.
    """
    if session.history_revision:
        return logs.told_after(reader, session, after, most, most_bytes, show_superseded=show_superseded)
    most = min(most, session.last_sequence - after)
    found = small_events_after(reader, session, after, most, most_bytes // most) if most > 1 else []
    if not found:
        row = reader.row(_AFTER, {"its_session": session.uid, "after": after, "most": 1})
        found = [] if row is None else _without_gap([row], session, after)
    return [Told(sequence, raw, 0) for sequence, raw in enumerate(found, after + 1)]


def small_events_after(reader: Reader, session: Head, after: int, most: int, most_bytes: int) -> list[bytes]:
    """The next events after a number, up to a gap or the first that has more than `most_bytes` without its name."""
    part = inherited.part_with(reader, session, after + 1)
    values = {"its_session": part.uid, "after": after, "most": most, "most_bytes": most_bytes}
    rows = itertools.takewhile(
        lambda row: row.message is not None and row.sequence <= part.range.last, reader.rows(_SMALL_AFTER, values)
    )
    return _without_gap(rows, session, after)


def _without_gap(rows: Iterable[AnyRow], session: Head, after: int) -> list[bytes]:
    encoder = Encoder(session.name)
    return [encoder.whole(row) for number, row in enumerate(rows, after + 1) if row.sequence == number]


class NewEvent(NamedTuple):
    """An event that is to be appended: its id, and all else that its caller asks for, as a message and as bytes.

    `create_time` is when it was appended to another store, if it was.
    """

    event_id: str
    message: EventMessage
    raw: bytes
    create_time: datetime | None = None


def append_events(
    writer: Writer, head: Head, events: Sequence[NewEvent], subject: str, *, mark: int | None = None, freed: int = 0
) -> list[Given]:
    """Write a subject's events to a locked session under the next numbers; returns what the server gives each.

    `mark` is the number of the one that is a mark, if one is; `freed` are bytes that the log has lost.
    """
    changes = {} if mark is None else {"history_revision": mark}
    return write_events(writer, head, events, subject, first=head.last_sequence + 1, changes=changes, freed=freed)


def write_events(
    writer: Writer,
    head: Head,
    events: Sequence[NewEvent],
    subject: str,
    *,
    first: int,
    changes: Mapping[str, Any],
    freed: int = 0,
) -> list[Given]:
    """Write a subject's events to a locked session from a number on, with changes of its row; returns as above."""
    # Not the time of the transaction: it may have waited for the lock while others appended.
    now = utc_clock()
    shared = created(now, subject)
    given = [
        given_by_server(event.event_id, sequence, created(event.create_time, subject) if event.create_time else shared)
        for sequence, event in enumerate(events, first)
    ]
    rows = [
        _row(head, event, by_server, sequence, event.create_time or now)
        for sequence, (event, by_server) in enumerate(zip(events, given, strict=True), first)
    ]
    numbers = {
        "its_uid": head.uid,
        "its_last": head.last_sequence,
        "its_new_last": first + len(rows) - 1,
        "its_bytes": sum(len(row["message"]) for row in rows) - freed,
        "its_time": rows[-1]["create_ts"],
    }
    if writer.change(_COUNT, {**numbers, **changes, **_moved_on(head)}) != 1 or not writer.insert(TABLE, rows):
        raise Raced
    writer.changed.add(head.uid)
    return given


def _row(head: Head, event: NewEvent, by_server: Given, sequence: int, time: datetime) -> dict[str, Any]:
    message = event.message
    return {
        "activity_session_pkid": head.uid,
        "sequence": sequence,
        "event_id": event.event_id,
        "author": message.author,
        "event_type": message.type,
        "labels": dict(message.labels),
        "event_ts": to_datetime(message.event_time) if message.HasField("event_time") else None,
        "create_ts": time,
        "message": by_server.raw + event.raw,
    }


def _moved_on(head: Head) -> dict[str, datetime | None]:
    """The expiry of a session that is appended to, where that has to be moved on."""
    expires = session_settings.moved_on(head.expire_ts, head.settings.idle_ttl, head.now)
    return {} if expires == head.expire_ts else {"expire_ts": expires}
