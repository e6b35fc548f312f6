"""The queries of events, which take and give them as bytes.

A page is one range of their primary key, wherever in the log it lies.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, func, select, update

from activity_session.v1.event_pb2 import Event as EventMessage
from activity_session_server.orm import ActivitySession, Event, Namespace
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules import session_settings
from activity_session_server.rules.errors import check_uid, events_purged, not_found
from activity_session_server.rules.history import ranges
from activity_session_server.rules.limits import INT64
from activity_session_server.rules.names import Kind, format_name, ids_of
from activity_session_server.rules.paging import Page, Position
from activity_session_server.store.codec.events import Encoder, Given, created, given_by_server
from activity_session_server.store.codec.resources import to_datetime
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.expressions import byte_length
from activity_session_server.store.lists.conditions import Columns, condition
from activity_session_server.store.lists.pages import Keys, fetch_owned_page, fetch_page
from activity_session_server.store.lists.portions import Query, clipped, long_columns
from activity_session_server.store.queries import heads
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import logs
from activity_session_server.store.queries.history.logs import Listed, Log, Told
from activity_session_server.store.readers import Raced, Reader, Writer, utc_clock

_TABLE = table_of(Event)
_MESSAGE = _TABLE.c.message
# What an event is made of, and its place.
_EVENT = select(_TABLE.c.activity_session_pkid, _TABLE.c.sequence, _TABLE.c.event_id, _MESSAGE)
# By way of the session: all events of an expunged session are out of reach at once. Not by a join, of which PostgreSQL
# does not know that it finds one session, and would sort all of its events. With the revision of its log,
# so that nothing is found where another one was thought of; 0 is that of a log without marks.
_OF_SESSION = (
    Event.activity_session_pkid
    == select(ActivitySession.pkid)
    .join_from(ActivitySession, Namespace)
    .where(ActivitySession.name == bindparam("session"), Namespace.name == bindparam("namespace"))
    .where(ActivitySession.history_revision == bindparam("revision"))
    .scalar_subquery()
)
_GET = Statement(_EVENT.where(_OF_SESSION, Event.event_id == bindparam("id")))
_FIND = Statement(
    _EVENT.where(
        Event.activity_session_pkid == bindparam("its_session"), Event.event_id.in_(bindparam("ids", expanding=True))
    ),
    many="ids",
)
_NEXT = (
    _EVENT.where(Event.activity_session_pkid == bindparam("its_session"), Event.sequence > bindparam("after"))
    .order_by(Event.sequence)
    .limit(bindparam("most"))
)
_AFTER = Statement(_NEXT)
_IS_BETWEEN = (Event.sequence > bindparam("after")) & (Event.sequence < bindparam("before"))
_LONG = long_columns(_EVENT)
_LIST = Statement(clipped(_EVENT).where(_OF_SESSION, _IS_BETWEEN))
_LIST_AMONG = Statement(
    clipped(_EVENT).where(_OF_SESSION, Event.sequence.in_(bindparam("numbers", expanding=True))), many="numbers"
)
_KEYS = Keys(_TABLE.c.sequence, owner_uid=_TABLE.c.activity_session_pkid)
_MESSAGE_BYTES = func.length(_MESSAGE)
# What can be long in a row.
BYTES = _MESSAGE_BYTES + byte_length(Event.labels)
_SMALL_AFTER = Statement(
    _NEXT.with_only_columns(
        _TABLE.c.sequence,
        _TABLE.c.event_id,
        case((bindparam("most_bytes") >= _MESSAGE_BYTES, _MESSAGE)).label("message"),
    )
)
# One that has more than `most_bytes` comes without its message.
_BATCH = Statement(
    select(
        _TABLE.c.activity_session_pkid,
        _TABLE.c.sequence,
        _TABLE.c.event_id,
        _MESSAGE_BYTES.label("size"),
        case((bindparam("most_bytes") >= _MESSAGE_BYTES, _MESSAGE)).label("message"),
    ).where(_OF_SESSION, Event.event_id.in_(bindparam("ids", expanding=True))),
    many="ids",
)
_COLUMNS: Columns = {
    "type": _TABLE.c.event_type,
    "author": _TABLE.c.author,
    "event_time": _TABLE.c.event_ts,
    "labels": _TABLE.c.labels,
}
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
        row = reader.row(_GET, {**values, "revision": head.history_revision}) if head.history_revision else None
        if row is None:
            raise not_found(Kind.EVENT, f"{session}/events/{event_id}")
        return logs.with_marks(reader, head, [row.sequence], Encoder(session).whole)(row)
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
    All are of one moment even so, since events do not change. `check_size` may refuse what they have together, which is
    known before.

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
        found = reader.rows(_BATCH, {**values, "revision": head.history_revision}) if head.history_revision else found
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
        ids = [row.event_id for row in portion]
        rows = reader.rows(_FIND, {"its_session": portion[0].activity_session_pkid, "ids": ids})
        if len(rows) < len(portion):
            # Purged meanwhile.
            raise Raced
        yield from rows
        large = large[len(portion) :]


def list_events(reader: Reader, listed: Listed, page: Page, *, most_bytes: int) -> tuple[list[bytes], Position | None]:
    """One page of the events of a session, and where the next one starts.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND; EVENTS_PURGED where the next one after `after`, or after
            the page before, is not there any more.
    """
    place = listed.after if page.after is None or page.order.descending else int(page.after.value)
    if listed.marks_only:
        return _list_marked(reader, listed, page, place, most_bytes)
    known: Log | None = reader.logs.get(listed.session)
    if known is not None:
        whole = _list_known(reader, listed, page, known, most_bytes)
        return whole or _list_marked(reader, listed, page, place, most_bytes)
    try:
        found = _list_plain(reader, listed, page, most_bytes)
    except _HasMarks:
        return _list_marked(reader, listed, page, place, most_bytes)
    if place and not (listed.where is None and _begins_after(place, found[0])):
        _check_gap(reader, listed.session, place)
    return found


class _HasMarks(Exception):  # noqa: N818 - nothing is wrong
    """Raised where a log that seemed to have no marks has some."""


def _list_plain(reader: Reader, listed: Listed, page: Page, most_bytes: int) -> tuple[list[bytes], Position | None]:
    """A page of a log that has no marks, as most have none: one statement."""
    namespace_id, session_id = ids_of(listed.session)

    def owner_uid() -> str:
        head = heads.get_head(reader, namespace_id, session_id)
        if head.history_revision:
            raise _HasMarks
        return head.uid

    values = {**_values(listed, 0), "after": listed.after, "before": listed.before or INT64 - 1}
    return fetch_owned_page(
        reader,
        Query(_LIST, values, _LONG, condition(listed.where, _COLUMNS)),
        _KEYS,
        page,
        _encode(listed),
        most_bytes=most_bytes,
        owner_uid=owner_uid,
        check_owner=partial(check_uid, Kind.SESSION, listed.session, meant=listed.uid),
    )


def _list_known(
    reader: Reader, listed: Listed, page: Page, known: Log, most_bytes: int
) -> tuple[list[bytes], Position] | None:
    """A page of a log whose marks are known, by one statement; None where that does not show that it is one.

    It does where the page has all events that it should have, and there is one more: then nothing has changed.
    """
    if listed.where is not None or listed.show_superseded:
        return None
    within = logs.within(page, listed.after, listed.before)
    values = _values(listed, known.revision)
    if page.order.descending and within.last == INT64 - 1:
        # Where the log ends is not known, but after which number nothing is hidden.
        values |= {"after": max(listed.after, known.hidden[-1].last), "before": INT64 - 1}
        query = Query(_LIST, values, _LONG)
    else:
        numbers = ranges.outside(known.hidden, within, page.size + 1, descending=page.order.descending)
        if len(numbers) <= page.size:
            return None
        query = Query(_LIST_AMONG, {**values, "numbers": numbers}, _LONG)
    found, position = fetch_page(reader, query, _KEYS, page, _encode(listed), most_bytes=most_bytes)
    return None if position is None or listed.uid not in ("", position.uid) else (found, position)


def _values(listed: Listed, revision: int) -> dict[str, Any]:
    namespace_id, session_id = ids_of(listed.session)
    return {"namespace": namespace_id, "session": session_id, "revision": revision}


def _list_marked(
    reader: Reader, listed: Listed, page: Page, place: int, most_bytes: int
) -> tuple[list[bytes], Position | None]:
    """A page of a log that has marks: its head is read before it, and after it where a filter was."""
    head = heads.get_head(reader, *ids_of(listed.session), uid=listed.uid)
    _check_place(head, place)
    where = condition(listed.where, _COLUMNS)
    found = logs.list_page(reader, head, listed, page, where=where, encode=_encode(listed), most_bytes=most_bytes)
    if listed.where is not None:
        now = heads.get_head(reader, *ids_of(listed.session))
        if now.uid != head.uid:
            raise Raced
        _check_place(now, place)
    return found


def _encode(listed: Listed) -> Callable[[AnyRow], bytes]:
    encoder = Encoder(listed.session)
    return encoder.without_content if listed.omit_content else encoder.whole


def _begins_after(place: int, messages: Sequence[bytes]) -> bool:
    """Whether a page begins with the next event after a number, so that nothing can be missing between them."""
    return bool(messages) and EventMessage.FromString(messages[0]).sequence == place + 1


def _check_gap(reader: Reader, session: str, place: int) -> None:
    """Refuse a page that was read, and counts on the next event after a number, if that one has been purged by now.

    Raises:
        ServiceError: EVENTS_PURGED.
    """
    _check_place(heads.get_head(reader, *ids_of(session)), place)


def _check_place(head: Head, place: int) -> None:
    if place and place < head.first_sequence - 1:
        raise events_purged(head.name, place, head.first_sequence)


def find_events(reader: Reader, session: Head, event_ids: Collection[str]) -> dict[str, EventMessage]:
    """The events with those ids that exist, by id, without their names."""
    rows = reader.rows(_FIND, {"its_session": session.uid, "ids": list(event_ids)})
    return {row.event_id: EventMessage.FromString(row.message) for row in rows}


def told_after(reader: Reader, session: Head, after: int, most: int, most_bytes: int) -> list[Told]:
    """The next events after a number of a log without marks, one at least, up to a gap: as watches tell them.

    They have about `most_bytes` at most; one event that is larger comes alone. An expunged session has a gap while its
    log is removed. `session` says up to where it is known that there are no marks.
    """
    most = min(most, session.last_sequence - after)
    found = small_events_after(reader, session, after, most, most_bytes // most) if most > 1 else []
    if not found:
        row = reader.row(_AFTER, {"its_session": session.uid, "after": after, "most": 1})
        found = [] if row is None else _without_gap([row], session, after)
    return [Told(sequence, raw, 0) for sequence, raw in enumerate(found, after + 1)]


def small_events_after(reader: Reader, session: Head, after: int, most: int, most_bytes: int) -> list[bytes]:
    """The next events after a number, up to a gap or the first that has more than `most_bytes` without its name."""
    values = {"its_session": session.uid, "after": after, "most": most, "most_bytes": most_bytes}
    rows = itertools.takewhile(lambda row: row.message is not None, reader.rows(_SMALL_AFTER, values))
    return _without_gap(rows, session, after)


def _without_gap(rows: Iterable[AnyRow], session: Head, after: int) -> list[bytes]:
    encoder = Encoder(session.name)
    return [encoder.whole(row) for number, row in enumerate(rows, after + 1) if row.sequence == number]


class NewEvent(NamedTuple):
    """An event that is to be appended: its id, and all else that its caller asks for, as a message and as bytes."""

    event_id: str
    message: EventMessage
    raw: bytes


def append_events(
    writer: Writer, head: Head, events: Sequence[NewEvent], subject: str, *, mark: int | None = None, freed: int = 0
) -> list[Given]:
    """Write a subject's events to a locked session under the next numbers; returns what the server gives each.

    `mark` is the number of the one that is a mark, if one is; `freed` are bytes that the log has lost.
    """
    last = head.last_sequence
    # Not the time of the transaction: it may have waited for the lock while others appended.
    now = utc_clock()
    shared = created(now, subject)
    given = [given_by_server(event.event_id, sequence, shared) for sequence, event in enumerate(events, last + 1)]
    rows = [
        {
            "activity_session_pkid": head.uid,
            "sequence": sequence,
            "event_id": event.event_id,
            "author": event.message.author,
            "event_type": event.message.type,
            "labels": dict(event.message.labels),
            "event_ts": to_datetime(event.message.event_time) if event.message.HasField("event_time") else None,
            "create_ts": now,
            "message": by_server.raw + event.raw,
        }
        for sequence, (event, by_server) in enumerate(zip(events, given, strict=True), last + 1)
    ]
    size = sum(len(by_server.raw) + len(event.raw) for by_server, event in zip(given, events, strict=True))
    numbers = {"its_uid": head.uid, "its_last": last, "its_new_last": last + len(rows), "its_bytes": size - freed}
    if mark is not None:
        numbers["history_revision"] = mark
    if writer.change(_COUNT, {**numbers, "its_time": now, **_moved_on(head)}) != 1 or not writer.insert(_TABLE, rows):
        raise Raced
    writer.changed.add(head.uid)
    return given


def _moved_on(head: Head) -> dict[str, datetime | None]:
    """The expiry of a session that is appended to, where that has to be moved on."""
    expires = session_settings.moved_on(head.expire_ts, head.settings.idle_ttl, head.now)
    return {} if expires == head.expire_ts else {"expire_ts": expires}
