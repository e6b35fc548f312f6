"""Messages of rows.

Messages are made by their constructors, with times as mappings of their fields. That takes half the time of setting the
fields one by one, and a fifth of what a Timestamp or a datetime in place of a mapping would take.
"""

from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.memory_pb2 import Memory, MemoryType
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.participant_pb2 import Participant, ParticipantType
from activity_session.v1.state_pb2 import State
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules import etags
from activity_session_server.rules.names import Kind, format_name

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - in UTC, as columns are
_UNSET = Timestamp()
_TYPE_PREFIX = "PARTICIPANT_TYPE_"
_MEMORY_TYPE_PREFIX = "MEMORY_TYPE_"
_TYPES = {name.removeprefix(_TYPE_PREFIX): value for name, value in ParticipantType.items()}


def namespace_message(row: AnyRow) -> Namespace:
    """The message of a namespace's row."""
    return Namespace(
        name=format_name(Kind.NAMESPACE, row.name),
        settings=row.settings.to_message(),
        legal_hold=row.legal_hold,
        **common_fields(row),
    )


def participant_message(row: AnyRow, namespace_id: str) -> Participant:
    """The message of a participant's row."""
    return Participant(
        name=format_name(Kind.PARTICIPANT, namespace_id, row.name),
        participant_type=_TYPES[row.participant_type],
        **common_fields(row),
    )


def current_turn(row: AnyRow, session: str) -> TurnLease | None:
    """The turn of a session's row, unless it is free."""
    if not row.turn_is_held:
        return None
    return turn_message(session, row.turn_holder, row.turn_token, row.turn_expire_ts)


def turn_message(session: str, holder: str, token: int, expires: datetime) -> TurnLease:
    """The message of a turn."""
    return TurnLease(session=session, holder=holder, token=token, expire_time=time_fields(expires))


def state_message(row: AnyRow) -> State:
    """The message of a key's row."""
    message = State()
    entry = message.entries[row.key]
    entry.value_json, entry.revision, entry.sequence = row.value_json, row.revision, row.sequence or 0
    return message


def memory_message(row: AnyRow, namespace_id: str) -> Memory:
    """The message of a memory's row, with the ids of its session and agent."""
    return Memory(
        name=format_name(Kind.MEMORY, namespace_id, row.session_id, row.name),
        uid=row.pkid,
        agent=format_name(Kind.PARTICIPANT, namespace_id, row.agent_id),
        memory_type=MemoryType.Value(_MEMORY_TYPE_PREFIX + row.memory_type),
        content=row.content,
        memo=row.memo,
        importance=row.importance,
        access_count=row.access_count,
        first_sequence=row.first_sequence,
        last_sequence=row.last_sequence,
        etag=etags.make(row.pkid, row.revision),
        created_by=row.created_by,
        access_time=time_fields(row.accessed),
        create_time=time_fields(row.create_ts),
        update_time=time_fields(row.update_ts),
        delete_time=time_fields(row.delete_ts),
    )


def memory_type_text(value: MemoryType.ValueType) -> str:
    """The column's text of an enum's value."""
    return MemoryType.Name(value).removeprefix(_MEMORY_TYPE_PREFIX)


def participant_type_value(text: str) -> ParticipantType.ValueType:
    """The enum's value of a column's text."""
    return _TYPES[text]


def participant_type_text(value: ParticipantType.ValueType) -> str:
    """The column's text of an enum's value."""
    return ParticipantType.Name(value).removeprefix(_TYPE_PREFIX)


def to_timestamp(time: datetime | None) -> Timestamp:
    """The timestamp of a column in UTC; an unset one for None."""
    return _UNSET if time is None else Timestamp(**time_fields(time))


def set_time(timestamp: Timestamp, time: datetime | None) -> None:
    """Fill in a timestamp from a column in UTC; None leaves it unset."""
    if time is not None:
        fields = time_fields(time)
        timestamp.seconds, timestamp.nanos = fields["seconds"], fields["nanos"]


def to_datetime(timestamp: Timestamp) -> datetime:
    """The column's value of a timestamp: UTC, to the microsecond."""
    return timestamp.ToDatetime()


def time_fields(time: datetime | None) -> Any:
    """The fields of a timestamp from a column in UTC; none for None."""
    if time is None:
        return None
    since = time - _EPOCH
    return {"seconds": since.days * 86_400 + since.seconds, "nanos": since.microseconds * 1000}


def common_fields(row: AnyRow) -> dict[str, Any]:
    """The fields that namespaces, participants and sessions share."""
    return {
        "uid": row.pkid,
        "enabled": row.enabled,
        "managed": row.managed,
        "delete_time": row.delete_ts and time_fields(row.delete_ts),
        "description": row.description,
        "etag": etags.make(row.pkid, row.revision),
        "create_time": time_fields(row.create_ts),
        "update_time": time_fields(row.update_ts),
    }
