"""The messages of sessions, which are put together of bytes: much in a list of them is the same in many of its rows.

A message is made of the bytes where a session is to be changed, or somebody looks inside.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.session_pb2 import Session, SessionOrigin, SessionParticipant
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules import session_settings
from activity_session_server.rules.names import Kind, format_name
from activity_session_server.rules.session_settings import SessionResourceSettings
from activity_session_server.store.codec.encoded import field, number_field
from activity_session_server.store.codec.resources import (
    common_fields,
    current_turn,
    participant_type_value,
    set_time,
    time_fields,
)

_DEFAULT_SETTINGS = field(Session.SETTINGS_FIELD_NUMBER, session_settings.DEFAULTS.SerializeToString())


def encode_session(row: AnyRow, namespace_id: str, purge_age: timedelta) -> bytes:
    """The session of a row as callers see it: with the settings that hold, and deleted if it has expired.

    `purge_age` holds where the namespace has none.
    """
    return _without_settings(row, namespace_id, purge_age) + _settings_that_hold(row.settings)


def session_to_change(row: AnyRow, namespace_id: str, purge_age: timedelta) -> Session:
    """The session of a row with its settings as they were set; deleted if it has expired."""
    session = Session.FromString(_without_settings(row, namespace_id, purge_age))
    if row.settings.model_fields_set:
        session.settings.CopyFrom(row.settings.to_message())
    return session


def _without_settings(row: AnyRow, namespace_id: str, purge_age: timedelta) -> bytes:
    name = format_name(Kind.SESSION, namespace_id, row.name)
    session = Session(
        name=name,
        auto_created=row.auto_created,
        data=row.data,
        labels=row.labels or None,
        last_sequence=row.last_sequence,
        first_sequence=row.first_sequence,
        last_event_time=row.last_event_time and time_fields(row.last_event_time),
        expire_time=row.expire_ts and time_fields(row.expire_ts),
        purge_time=row.purge_ts and time_fields(row.purge_ts),
        created_by=row.created_by,
        legal_hold=row.legal_hold,
        turn=current_turn(row, name),
        forked_from=row.origin_pkid and _origin(row, namespace_id),
        **common_fields(row),
    )
    if row.expired_under is not None:
        _set_expired(session, row, purge_age)
    return session.SerializeToString() + _members(row.members, namespace_id)


def _origin(row: AnyRow, namespace_id: str) -> SessionOrigin:
    name = format_name(Kind.SESSION, namespace_id, row.origin_name)
    return SessionOrigin(session=name, uid=row.origin_pkid, sequence=row.inherited_sequence)


def _set_expired(session: Session, row: AnyRow, purge_age: timedelta) -> None:
    """Give a session the times that the sweep will write."""
    deleted = expired_at(row)
    set_time(session.delete_time, deleted)
    set_time(session.purge_time, deleted + row.expired_under.purge_age_or(purge_age))


def expired_at(row: AnyRow) -> datetime:
    """When an expired session was deleted: by its expiry, or by its last change if that came later.

    Its expiry had passed by then, or it was held.
    """
    times: tuple[datetime, datetime] = (row.expire_ts, row.update_ts)
    return max(times)


def _settings_that_hold(settings: SessionResourceSettings) -> bytes:
    if not settings.model_fields_set:
        return _DEFAULT_SETTINGS
    message = settings.to_message()
    session_settings.fill_in_defaults(message)
    return field(Session.SETTINGS_FIELD_NUMBER, message.SerializeToString())


def _members(text: str, namespace_id: str) -> bytes:
    """The memberships in a JSON text of `queries.sessions`, in the order in which they were bound."""
    columns = orjson.loads(text)
    if not columns[0]:
        return b""
    rows: list[Any] = list(zip(*columns, strict=True))
    if len(rows) > 1:
        rows.sort(key=lambda row: (row[3], row[0]))
    return b"".join([
        field(
            Session.PARTICIPANTS_FIELD_NUMBER,
            _member(namespace_id, id_, type_, role)
            + _bound(created)
            + number_field(SessionParticipant.LAST_READ_SEQUENCE_FIELD_NUMBER, last_read),
        )
        for id_, type_, role, created, last_read in rows
    ])  # fmt: skip


@lru_cache(maxsize=1024)
def _member(namespace_id: str, id_: str, type_: str, role: str) -> bytes:
    """What is the same in all sessions of a member."""
    return SessionParticipant(
        participant=format_name(Kind.PARTICIPANT, namespace_id, id_),
        participant_type=participant_type_value(type_),
        role=role,
    ).SerializeToString()


@lru_cache(maxsize=1024)
def _bound(text: str) -> bytes:
    """The time at which a member was bound, mostly with the others of its session."""
    time = Timestamp(**time_fields(datetime.fromisoformat(text)))
    return field(SessionParticipant.CREATE_TIME_FIELD_NUMBER, time.SerializeToString())
