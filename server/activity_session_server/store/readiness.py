"""Readiness: whether a database takes reads and writes, found out by a write that leaves nothing behind."""

import contextlib
from typing import NoReturn

from sqlalchemy import bindparam, delete, select, update

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.orm import Event, Namespace
from activity_session_server.orm.base import table_of
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.readers import Writer
from activity_session_server.store.store import Store

# Bytes of the event that is written: a disk with less room than this counts as full.
ROOM = 64 * 1024
# What a write gets that others hold up: they write, so the database can be written to.
_HELD_UP = (ErrorReason.ERROR_REASON_DATABASE_BUSY, ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED)
_TABLE = table_of(Event)
_IS_PROBE = Event.activity_session_pkid == bindparam("probe")
_READ = Statement(select(Namespace.pkid).limit(1))
_UPDATE = Statement(update(_TABLE).where(_IS_PROBE).values(message=b""))
_DELETE = Statement(delete(_TABLE).where(_IS_PROBE))


class _UndoneError(Exception):
    """Raised at the end of a write, so that it is rolled back."""


def check(store: Store, call: Call) -> None:
    """Read, and insert, update and delete an event of a session that does not exist, all of which is rolled back.

    Nothing is committed: no wait for the disk, no write set on Galera. A table is read since SELECT 1 also succeeds on
    a Galera node that has lost its cluster.

    Raises:
        ServiceError: DATABASE_UNAVAILABLE when the database cannot be written to, or SQLite's file is not where it was;
            that and others when it cannot be read. A write that waits too long for others is no error.
    """

    def probe(writer: Writer) -> NoReturn:
        with writer.written_at_once():
            _write(writer, call.call_id)
        raise _UndoneError

    store.check_file(call)
    store.read(call, lambda reader: reader.row(_READ))
    try:
        with contextlib.suppress(_UndoneError):  # that is how it ends when all went well
            store.write(call, probe, is_alone=True)
    except ServiceError as error:
        if error.reason not in _HELD_UP:
            raise


def _write(writer: Writer, probe: str) -> None:
    """Use each right that serving needs. The key is one that no other server inserts, so that none waits for it."""
    event = {"activity_session_pkid": probe, "sequence": 1, "event_id": "", "create_ts": writer.now}
    writer.insert(_TABLE, {**event, "message": bytes(ROOM)})
    writer.change(_UPDATE, {"probe": probe})
    writer.change(_DELETE, {"probe": probe})
