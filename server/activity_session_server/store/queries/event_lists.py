"""Lists of events, from either end of a log.

A page is one range of their primary key, wherever in the log it lies. Where some numbers are left out it is known which
ones a page has, since numbers have no gaps; so no more rows are read than it shows, however many are left out.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam

from activity_session.v1.event_pb2 import Event as EventMessage
from activity_session_server.orm import Event
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.errors import check_uid, events_purged
from activity_session_server.rules.filters import Node
from activity_session_server.rules.history import ranges
from activity_session_server.rules.history.ranges import END, Range
from activity_session_server.rules.names import Kind, ids_of
from activity_session_server.rules.paging import Page, Position, stale_token
from activity_session_server.store.codec.encoded import FRAME_BYTES
from activity_session_server.store.codec.events import Encoder
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.lists.conditions import Columns, condition
from activity_session_server.store.lists.pages import fetch_owned_page, fetch_page
from activity_session_server.store.lists.portions import Query, clipped
from activity_session_server.store.queries import heads
from activity_session_server.store.queries.event_columns import EVENT, KEYS, LONG, TABLE
from activity_session_server.store.queries.events import IS_AS_KNOWN, OF_SESSION
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import logs, marks
from activity_session_server.store.queries.history.logs import IS_AMONG, IS_OWN, Log
from activity_session_server.store.readers import Raced, Reader

_IS_BETWEEN = (Event.sequence > bindparam("after")) & (Event.sequence < bindparam("before"))
_LIST = Statement(clipped(EVENT).where(OF_SESSION, _IS_BETWEEN))
# Of one session's rows, as long as the log that shows them is what it was.
_KNOWN_AMONG = Statement(clipped(EVENT).where(*IS_AMONG, IS_AS_KNOWN), many="numbers")
_KNOWN_BETWEEN = Statement(clipped(EVENT).where(IS_OWN, IS_AS_KNOWN, _IS_BETWEEN))
_AMONG = Statement(clipped(EVENT).where(*IS_AMONG), many="numbers")
_ANY_NUMBER = Range(1, END)
_COLUMNS: Columns = {
    "type": TABLE.c.event_type,
    "author": TABLE.c.author,
    "event_time": TABLE.c.event_ts,
    "labels": TABLE.c.labels,
}


class Listed(NamedTuple):
    """Which events of a session are listed: those between two numbers, of which `before` is 0 for no bound."""

    session: str
    uid: str
    after: int
    before: int
    show_superseded: bool
    marks_only: bool
    omit_content: bool
    where: Node | None


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

    values = {**_values(listed, 0), "after": listed.after, "before": listed.before or END}
    return fetch_owned_page(
        reader,
        Query(_LIST, values, LONG, condition(listed.where, _COLUMNS)),
        KEYS,
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
    is_other = (page.after is not None and page.after.uid != known.uid) or listed.uid not in ("", known.uid)
    if is_other or listed.where is not None or listed.show_superseded:
        return None
    shown = _within(page, listed.after, listed.before)
    values = {**_values(listed, known.revision), "known": known.uid}
    if page.order.descending and shown.last == END:
        # Where the log ends is not known, but after which number nothing is hidden.
        values |= {"its_session": known.uid, "after": max(listed.after, known.end), "before": END}
        query = Query(_KNOWN_BETWEEN, values, LONG)
    else:
        numbers = ranges.outside(known.hidden, shown, page.size + 1, descending=page.order.descending)
        uid, of_one = next(known.by_owner(numbers), (known.uid, []))
        if len(of_one) <= page.size:
            return None
        query = _among_known({**values, "its_session": uid}, of_one)
    found, position = fetch_page(reader, query, KEYS, page._replace(after=None), _encode(listed), most_bytes=most_bytes)
    return None if position is None else (found, position._replace(uid=known.uid))


def _among_known(values: dict[str, Any], numbers: Sequence[int]) -> Query:
    """A query of some numbers of a session's rows: those that follow each other are one range."""
    first, last = min(numbers), max(numbers)
    if last - first < len(numbers):
        return Query(_KNOWN_BETWEEN, {**values, "after": first - 1, "before": last + 1}, LONG)
    return Query(_KNOWN_AMONG, {**values, "numbers": numbers}, LONG)


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
    found = _list_page(reader, head, listed, page, where=where, encode=_encode(listed), most_bytes=most_bytes)
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


def _list_page(
    reader: Reader,
    head: Head,
    listed: Listed,
    page: Page,
    *,
    where: ColumnElement[bool] | None,
    encode: Callable[[AnyRow], bytes],
    most_bytes: int,
) -> tuple[list[bytes], Position | None]:
    """One page of the events of a session, and where the next one starts; `where` is the condition of its filter."""
    if page.after is not None and page.after.uid != head.uid:
        raise stale_token()
    most = page.size + 1 if where is None else page.filter_rows
    all_numbers = _numbers(reader, head, listed, page, most)
    # Those of one session, which has the rows.
    uid, numbers = next(logs.log_of(reader, head).by_owner(all_numbers), (head.uid, []))
    if not numbers:
        return [], None
    statement = _AMONG if where is None else _AMONG.construct.where(where)
    query = Query(statement, {"its_session": uid, "numbers": logs.padded(numbers, most)}, LONG)
    whole = encode
    if listed.show_superseded or listed.marks_only:
        encode = logs.with_marks(reader, head, numbers, encode)
    found, position = fetch_page(reader, query, KEYS, page._replace(after=None), encode, most_bytes=most_bytes)
    if position is not None:
        return found, position._replace(uid=head.uid)
    if where is None and len(found) < min(len(numbers), page.size):
        raise Raced
    is_cut = len(numbers) < len(all_numbers)
    end = Position(str(numbers[-1]), head.uid) if is_cut or (where is not None and len(numbers) == most) else None
    if not is_cut or where is not None or len(found) >= page.size:
        return found, end
    # The rows of another session fill the page, if there is room.
    left = page._replace(after=end, size=page.size - len(found))
    rest, position = _list_page(reader, head, listed, left, where=None, encode=whole, most_bytes=most_bytes)
    is_too_large = sum(FRAME_BYTES + len(one) for one in (*found, *rest)) > most_bytes
    return (found, end) if is_too_large else ([*found, *rest], position)


def _numbers(reader: Reader, head: Head, listed: Listed, page: Page, most: int) -> list[int]:
    """The numbers of the events of a page, and some more, in its order."""
    shown = _within(page, listed.after, listed.before, Range(head.first_sequence, head.last_sequence))
    if listed.marks_only:
        return marks.marks_among(reader, head.uid, shown, most, descending=page.order.descending)
    hidden = () if listed.show_superseded else logs.log_of(reader, head).hidden
    return ranges.outside(hidden, shown, most, descending=page.order.descending)


def _within(page: Page, after: int, before: int, numbered: Range = _ANY_NUMBER) -> Range:
    """The numbers between two of which a page may have some; `before` is 0 for no bound, `numbered` are those given."""
    first, last = max(after + 1, numbered.first), min(before - 1, numbered.last) if before else numbered.last
    if page.after is None:
        return Range(first, last)
    place = int(page.after.value)
    return Range(first, min(last, place - 1)) if page.order.descending else Range(max(first, place + 1), last)
