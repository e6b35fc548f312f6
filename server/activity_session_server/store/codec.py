"""The one place that knows both rows and messages."""

import json
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.event_pb2 import Event
from activity_session.v1.memory_pb2 import Memory, MemoryType
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.participant_pb2 import Participant, ParticipantType
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.state_pb2 import State
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_server import etags
from activity_session_server.errors import Kind
from activity_session_server.names import format_name
from activity_session_server.orm.types import AnyRow

_TYPE_PREFIX = "PARTICIPANT_TYPE_"
_MEMORY_TYPE_PREFIX = "MEMORY_TYPE_"


def namespace_message(row: AnyRow) -> Namespace:
    """The message of a namespace's row."""
    message = Namespace(name=format_name(Kind.NAMESPACE, row.name), settings=row.settings.to_message())
    _set_common(message, row)
    return message


def participant_message(row: AnyRow, namespace_id: str) -> Participant:
    """The message of a participant's row."""
    message = Participant(
        name=format_name(Kind.PARTICIPANT, namespace_id, row.name),
        participant_type=participant_type(row.participant_type),
    )
    _set_common(message, row)
    return message


def session_message(row: AnyRow, namespace_id: str) -> Session:
    """The message of a session's row, its settings without defaults."""
    message = Session(
        name=format_name(Kind.SESSION, namespace_id, row.name),
        auto_created=row.auto_created,
        data=row.data or "",
        settings=row.settings.to_message(),
        participants=_members(row.members, namespace_id),
        labels=row.labels,
        last_sequence=row.last_sequence,
    )
    _set_common(message, row)
    set_time(message.expire_time, row.expire_ts)
    set_time(message.purge_time, row.purge_ts)
    set_turn(message, row)
    return message


def head_message(row: AnyRow, namespace_id: str) -> Session:
    """The message of a session's row that `store.heads` reads: flags, last number and turn."""
    name = format_name(Kind.SESSION, namespace_id, row.name)
    message = Session(
        name=name, uid=row.pkid, enabled=row.enabled, managed=row.managed, last_sequence=row.last_sequence
    )
    set_time(message.delete_time, row.delete_ts)
    set_turn(message, row)
    return message


def set_turn(message: Session, row: AnyRow) -> None:
    """Fill in the turn of a session, unless it is free; `now` in the row is the database's clock."""
    if row.turn_expire_ts is not None and row.turn_expire_ts > row.now:
        message.turn.CopyFrom(turn_message(message.name, row.turn_holder, row.turn_token, row.turn_expire_ts))


def turn_message(session: str, holder: str, token: int, expires: datetime) -> TurnLease:
    """The message of a turn."""
    message = TurnLease(session=session, holder=holder, token=token)
    set_time(message.expire_time, expires)
    return message


def event_message(row: AnyRow, session: str) -> Event:
    """The message of an event's row; `session` is the name of its session."""
    message = Event(
        name=f"{session}/events/{row.event_id}",
        event_id=row.event_id,
        sequence=row.sequence,
        author=row.author,
        type=row.event_type,
        text=row.content_text,
        media_type=row.media_type,
        labels=row.labels,
    )
    if row.content_blob is not None:
        message.blob = row.content_blob
    set_time(message.event_time, row.event_ts)
    set_time(message.create_time, row.create_ts)
    return message


def state_message(row: AnyRow) -> State:
    """The message of a key's row."""
    message = State()
    entry = message.entries[row.key]
    entry.value_json, entry.revision = row.value_json, row.revision
    return message


def memory_message(row: AnyRow, namespace_id: str) -> Memory:
    """The message of a memory's row, with the ids of its session and agent."""
    message = Memory(
        name=format_name(Kind.MEMORY, namespace_id, row.session_id, row.name),
        uid=row.pkid,
        agent=format_name(Kind.PARTICIPANT, namespace_id, row.agent_id),
        memory_type=MemoryType.Value(_MEMORY_TYPE_PREFIX + row.memory_type),
        content=row.content,
        memo=row.memo or "",
        importance=row.importance,
        access_count=row.access_count,
        first_sequence=row.first_sequence,
        last_sequence=row.last_sequence,
        etag=etags.make(row.pkid, row.revision),
    )
    set_time(message.access_time, row.accessed)
    set_time(message.create_time, row.create_ts)
    set_time(message.update_time, row.update_ts)
    set_time(message.delete_time, row.delete_ts)
    return message


def memory_type_text(value: MemoryType.ValueType) -> str:
    """The column's text of an enum's value."""
    return MemoryType.Name(value).removeprefix(_MEMORY_TYPE_PREFIX)


def member_message(participant: str, type_: str, role: str, created: datetime, last_read: int) -> SessionParticipant:
    """The message of a membership; `participant` is its name."""
    message = SessionParticipant(
        participant=participant,
        participant_type=participant_type(type_),
        role=role,
        last_read_sequence=last_read,
    )
    set_time(message.create_time, created)
    return message


def participant_type(text: str) -> ParticipantType.ValueType:
    """The enum's value of a column's text."""
    return ParticipantType.Value(_TYPE_PREFIX + text)


def participant_type_text(value: ParticipantType.ValueType) -> str:
    """The column's text of an enum's value."""
    return ParticipantType.Name(value).removeprefix(_TYPE_PREFIX)


def set_time(timestamp: Timestamp, time: datetime | None) -> None:
    """Fill in a timestamp from a column in UTC; None leaves it unset."""
    if time is not None:
        timestamp.FromDatetime(time)


def to_datetime(timestamp: Timestamp) -> datetime:
    """The column's value of a timestamp: UTC, to the microsecond."""
    return timestamp.ToDatetime()


def _set_common(message: Namespace | Participant | Session, row: AnyRow) -> None:
    message.uid = row.pkid
    message.description = row.description or ""
    message.enabled = row.enabled
    message.managed = row.managed
    message.etag = etags.make(row.pkid, row.revision)
    set_time(message.create_time, row.create_ts)
    set_time(message.update_time, row.update_ts)
    set_time(message.delete_time, row.delete_ts)


def _members(text: str, namespace_id: str) -> list[SessionParticipant]:
    """The memberships in a JSON text of `store.sessions`, in the order in which they were bound."""
    columns = json.loads(text)
    if not columns[0]:
        return []
    rows = sorted(zip(*columns, strict=True), key=lambda row: (row[3], row[0]))
    return [
        member_message(
            format_name(Kind.PARTICIPANT, namespace_id, id_),
            type_,
            role,
            datetime.fromisoformat(created),
            last_read,
        )
        for id_, type_, role, created, last_read in rows
    ]
