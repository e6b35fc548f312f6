"""The queries of events. A page is one range of their primary key, wherever in the log it lies."""

import itertools
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import bindparam, case, func, null, select, update

from activity_session.v1.event_pb2 import Event as EventMessage
from activity_session_server.orm import ActivitySession, Event, Namespace
from activity_session_server.orm.base import table_of
from activity_session_server.rules.errors import check_uid, not_found
from activity_session_server.rules.filters import Node
from activity_session_server.rules.limits import INT64
from activity_session_server.rules.names import Kind, format_name, ids_of
from activity_session_server.rules.paging import Page, Position
from activity_session_server.store.codec import event_message, set_time, to_datetime
from activity_session_server.store.conditions import Columns, condition
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.expressions import byte_length
from activity_session_server.store.pages import Keys, fetch_owned_page
from activity_session_server.store.portions import Query, clipped
from activity_session_server.store.queries import heads
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.readers import Raced, Reader, Writer, utc_clock

_TABLE = table_of(Event)
_CONTENT = ("content_text", "content_blob")
# What can be large in an event.
_LARGE = (*_CONTENT, "labels")
_FULL = select(*_TABLE.c)
_OMITTED = select(*(null().label(column.name) if column.name in _CONTENT else column for column in _TABLE.c))
# Joined to the session: all events of an expunged session are out of reach at once. The rows of both outer tables are
# found by unique keys, so that the range over the events is read from its start.
_OF_SESSION = (
    (Event.activity_session_pkid == ActivitySession.pkid)
    & (ActivitySession.namespace_pkid == Namespace.pkid)
    & (ActivitySession.name == bindparam("session"))
    & (Namespace.name == bindparam("namespace"))
)
_GET = Statement(_FULL.where(_OF_SESSION, Event.event_id == bindparam("id")))
_FIND = Statement(
    _FULL.where(
        Event.activity_session_pkid == bindparam("its_session"), Event.event_id.in_(bindparam("ids", expanding=True))
    ),
    many="ids",
)
_NEXT = (
    _FULL.where(Event.activity_session_pkid == bindparam("its_session"), Event.sequence > bindparam("after"))
    .order_by(Event.sequence)
    .limit(bindparam("most"))
)
_AFTER = Statement(_NEXT)
_IS_BETWEEN = (Event.sequence > bindparam("after")) & (Event.sequence < bindparam("before"))
# By whether the content is left out.
_LIST = {
    False: Statement(clipped(_FULL).where(_OF_SESSION, _IS_BETWEEN)),
    True: Statement(_OMITTED.where(_OF_SESSION, _IS_BETWEEN)),
}
# The bytes of an event's content.
CONTENT_BYTES = func.coalesce(byte_length(Event.content_text), func.length(Event.content_blob), 0)
_IS_SMALL = bindparam("most_bytes") >= CONTENT_BYTES + byte_length(Event.labels)
_SMALL_AFTER = Statement(
    _NEXT.with_only_columns(
        *(case((_IS_SMALL, column)).label(column.name) if column.name in _LARGE else column for column in _TABLE.c),
        _IS_SMALL.label("is_small"),
    )
)
_COLUMNS: Columns = {
    "type": _TABLE.c.event_type,
    "author": _TABLE.c.author,
    "event_time": _TABLE.c.event_ts,
    "labels": _TABLE.c.labels,
}
# The number is compared too: on Galera a lock holds on one node only.
_COUNT = Statement(
    update(table_of(ActivitySession))
    .where(ActivitySession.pkid == bindparam("its_uid"), ActivitySession.last_sequence == bindparam("its_last"))
    .values(last_sequence=bindparam("its_new_last"))
)


def get_event(reader: Reader, namespace_id: str, session_id: str, event_id: str) -> EventMessage:
    """An event, also of a deleted session.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND, EVENT_NOT_FOUND.
    """
    values = {"namespace": namespace_id, "session": session_id, "id": event_id}
    row = reader.row(_GET, values)
    if row is None:
        heads.get_head(reader, namespace_id, session_id)
        raise not_found(Kind.EVENT, format_name(Kind.EVENT, namespace_id, session_id, event_id))
    return event_message(row, format_name(Kind.SESSION, namespace_id, session_id))


def list_events(
    reader: Reader,
    session: str,
    page: Page,
    where: Node | None,
    *,
    uid: str,
    after: int,
    before: int,
    omit_content: bool,
    most_bytes: int,
) -> tuple[list[EventMessage], Position | None]:
    """One page of the events of a session, and where the next one starts; `before` is 0 for no bound.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND.
    """
    namespace_id, session_id = ids_of(session)
    values = {"namespace": namespace_id, "session": session_id, "after": after, "before": before or INT64 - 1}
    query = Query(_LIST[omit_content], values, () if omit_content else _CONTENT, condition(where, _COLUMNS))
    to_message = partial(event_message, session=session)
    return fetch_owned_page(
        reader,
        query,
        Keys(_TABLE.c.sequence, owner_uid=_TABLE.c.activity_session_pkid),
        page,
        to_message,
        most_bytes=most_bytes,
        owner_uid=lambda: heads.get_head(reader, namespace_id, session_id).uid,
        check_owner=partial(check_uid, Kind.SESSION, session, meant=uid),
    )


def find_events(reader: Reader, session: Head, event_ids: Collection[str]) -> dict[str, EventMessage]:
    """The events with those ids that exist, by id."""
    rows = reader.rows(_FIND, {"its_session": session.uid, "ids": list(event_ids)})
    return {row.event_id: event_message(row, session.name) for row in rows}


def events_after(reader: Reader, session: Head, after: int, most: int, most_bytes: int) -> list[EventMessage]:
    """The next events after a number, one at least, up to a gap: an expunged session has one while its log is removed.

    They have `most_bytes` at most, of content and labels; one event that is larger comes alone.
    """
    found = small_events_after(reader, session, after, most, most_bytes // most) if most > 1 else []
    if not found:
        row = reader.row(_AFTER, {"its_session": session.uid, "after": after, "most": 1})
        found = [] if row is None else [event_message(row, session.name)]
    return [event for number, event in enumerate(found, after + 1) if event.sequence == number]


def small_events_after(reader: Reader, session: Head, after: int, most: int, most_bytes: int) -> list[EventMessage]:
    """The next events after a number, up to the first whose content and labels have more than `most_bytes`."""
    values = {"its_session": session.uid, "after": after, "most": most, "most_bytes": most_bytes}
    rows = itertools.takewhile(lambda row: row.is_small, reader.rows(_SMALL_AFTER, values))
    return [event_message(row, session.name) for row in rows]


def append_events(writer: Writer, head: Head, events: Sequence[EventMessage]) -> list[EventMessage]:
    """Write events to a locked session under the next numbers; returns them with these."""
    last = head.last_sequence
    # Not the time of the transaction: it may have waited for the lock while others appended.
    created = utc_clock()
    rows = [_values(head, event, sequence, created) for sequence, event in enumerate(events, last + 1)]
    numbers = {"its_uid": head.uid, "its_last": last, "its_new_last": last + len(rows)}
    if writer.change(_COUNT, numbers) != 1 or not writer.insert(_TABLE, rows):
        raise Raced
    writer.changed.add(head.uid)
    return [_appended(event, head, row) for event, row in zip(events, rows, strict=True)]


def _values(session: Head, event: EventMessage, sequence: int, created: datetime) -> dict[str, Any]:
    return {
        "activity_session_pkid": session.uid,
        "sequence": sequence,
        "event_id": event.event_id,
        "author": event.author,
        "event_type": event.type,
        "content_text": event.text if event.HasField("text") else None,
        "content_blob": event.blob if event.HasField("blob") else None,
        "media_type": event.media_type,
        "labels": dict(event.labels),
        "event_ts": to_datetime(event.event_time) if event.HasField("event_time") else None,
        "create_ts": created,
    }


def _appended(event: EventMessage, session: Head, row: dict[str, Any]) -> EventMessage:
    appended = EventMessage()
    appended.CopyFrom(event)
    appended.name = f"{session.name}/events/{event.event_id}"
    appended.sequence = row["sequence"]
    set_time(appended.create_time, row["create_ts"])
    return appended
