"""The messages of sessions, which are put together of bytes: much in a list of them is the same in many of its rows.

A message is made of the bytes where a session is to be changed, or somebody looks inside.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules import session_settings
from activity_session_server.rules.names import Kind, format_name
from activity_session_server.rules.session_settings import SessionResourceSettings
from activity_session_server.store.codec.encoded import field, number_field
from activity_session_server.store.codec.resources import (
    common_fields,
    current_turn,
    participant_type_value,
    time_fields,
)

_DEFAULT_SETTINGS = field(Session.SETTINGS_FIELD_NUMBER, session_settings.DEFAULTS.SerializeToString())


def encode_session(row: AnyRow, namespace_id: str) -> bytes:
    """The session of a row as callers see it: with the settings that hold."""
    return _without_settings(row, namespace_id) + _settings_that_hold(row.settings)


def session_to_change(row: AnyRow, namespace_id: str) -> Session:
    """The session of a row with its settings as they were set."""
    session = Session.FromString(_without_settings(row, namespace_id))
    if row.settings.model_fields_set:
        session.settings.CopyFrom(row.settings.to_message())
    return session


def _without_settings(row: AnyRow, namespace_id: str) -> bytes:
    name = format_name(Kind.SESSION, namespace_id, row.name)
    session = Session(
        name=name,
        auto_created=row.auto_created,
        data=row.data,
        labels=row.labels or None,
        last_sequence=row.last_sequence,
        expire_time=row.expire_ts and time_fields(row.expire_ts),
        purge_time=row.purge_ts and time_fields(row.purge_ts),
        created_by=row.created_by,
        turn=current_turn(row, name),
        **common_fields(row),
    )
    return session.SerializeToString() + _members(row.members, namespace_id)


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
