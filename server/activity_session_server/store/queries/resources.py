"""What the queries of all resources share: lists, rows that are locked for a change, and the change itself."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, and_, bindparam, update

from activity_session.v1.memory_pb2 import Memory
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.session_pb2 import Session
from activity_session_server.orm.base import Resource, prefixed_uuid, table_of
from activity_session_server.rules import etags
from activity_session_server.rules.filters import Node
from activity_session_server.store.codec.resources import set_time
from activity_session_server.store.driver.statements import Statement, Values
from activity_session_server.store.lists.conditions import Columns, condition
from activity_session_server.store.lists.portions import Query, clipped, long_columns
from activity_session_server.store.readers import Raced, Writer

M = TypeVar("M", Memory, Namespace, Participant, Session)
S = TypeVar("S")


class Locked(NamedTuple, Generic[M, S]):
    """A resource that nobody else can change until the transaction ends, with its settings as they are kept."""

    message: M
    revision: int
    settings: S


class Revised(Protocol):
    """A locked resource whose revision is known."""

    @property
    def revision(self) -> int:
        """The revision that it has had so far."""


class Listed:
    """The list of a kind of resource, of which deleted ones are left out unless they are asked for."""

    def __init__(self, select: Select[Any], is_live: ColumnElement[bool], many: str = "") -> None:
        self._is_live = is_live
        self._all = Statement(clipped(select), many)
        self._live = Statement(clipped(select).where(self._is_live), many)
        self._long = long_columns(select)

    def query(self, values: Values, where: Node | None, columns: Columns, *, show_deleted: bool) -> Query:
        """The list for one call. With a filter, deleted resources count among the rows that a page looks at."""
        passes = condition(where, columns)
        if passes is None:
            return Query(self._all if show_deleted else self._live, values, self._long)
        return Query(self._all, values, self._long, passes if show_deleted else and_(passes, self._is_live))


def common_columns(resource: type[Resource], id_field: str) -> dict[str, Any]:
    """The columns of the filter fields that every resource has."""
    return {
        id_field: resource.name,
        "description": resource.description,
        "enabled": resource.enabled,
        "managed": resource.managed,
        "create_time": resource.create_ts,
        "update_time": resource.update_ts,
    }


def create(writer: Writer, resource: type[Resource], message: M, values: Mapping[str, Any]) -> M | None:
    """Insert a new resource; returns `message` with what the server sets, None when its name is taken."""
    uid = prefixed_uuid(resource.__tablename__)
    own = {"pkid": uid, "create_ts": writer.now, "update_ts": writer.now}
    if not writer.insert(table_of(resource), {**values, **own}):
        return None
    message.uid = uid
    message.etag = etags.make(uid, 1)
    set_time(message.create_time, writer.now)
    set_time(message.update_time, writer.now)
    return message


def save(
    writer: Writer,
    resource: type[Resource],
    locked: Revised,
    message: M,
    values: Mapping[str, Any],
) -> M:
    """Write columns of a locked resource; returns `message` with its new etag and update time.

    The revision is compared too: on Galera a lock holds on one node only.
    """
    changes = {**values, "revision": locked.revision + 1, "update_ts": writer.now}
    this = {"its_uid": message.uid, "its_revision": locked.revision}
    if writer.change(_update_of(resource), {**changes, **this}) != 1:
        raise Raced
    message.etag = etags.make(message.uid, locked.revision + 1)
    set_time(message.update_time, writer.now)
    return message


@cache
def _update_of(resource: type[Resource]) -> Statement:
    """The statement that sets those columns whose values are given."""
    return Statement(
        update(table_of(resource))
        .where(resource.pkid == bindparam("its_uid"))
        .where(resource.revision == bindparam("its_revision"))
    )


def set_deleted(writer: Writer, resource: type[Resource], locked: Locked[M, Any], *, deleted: bool) -> M:
    """Delete a locked resource softly, or bring it back."""
    message = locked.message
    message.ClearField("delete_time")
    time = writer.now if deleted else None
    set_time(message.delete_time, time)
    return save(writer, resource, locked, message, {"deleted": deleted, "delete_ts": time})
