"""The queries of turns."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update

from activity_session.v1.turn_pb2 import TurnLease
from activity_session_server.orm import ActivitySession
from activity_session_server.orm.base import table_of
from activity_session_server.store.codec.resources import turn_message
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.readers import Raced, Writer

# The token is compared too: on Galera a lock holds on one node only.
_UPDATE = Statement(
    update(table_of(ActivitySession)).where(
        ActivitySession.pkid == bindparam("its_uid"), ActivitySession.turn_token == bindparam("its_token")
    )
)


def give_turn(writer: Writer, head: Head, holder: str, expires: datetime) -> TurnLease:
    """Give the turn of a locked session to a participant, with the next token."""
    token = head.turn_token + 1
    _save(writer, head, {"turn_holder": holder, "turn_token": token, "turn_expire_ts": expires})
    return turn_message(head.name, holder, token, expires)


def extend_turn(writer: Writer, head: Head, turn: TurnLease, expires: datetime) -> TurnLease:
    """Move the end of the current turn of a locked session."""
    _save(writer, head, {"turn_expire_ts": expires})
    return turn_message(head.name, turn.holder, turn.token, expires)


def end_turn(writer: Writer, head: Head) -> None:
    """End the current turn of a locked session."""
    _save(writer, head, {"turn_expire_ts": None})


def _save(writer: Writer, head: Head, values: dict[str, Any]) -> None:
    writer.changed.add(head.uid)
    if writer.change(_UPDATE, {**values, "its_uid": head.uid, "its_token": head.turn_token}) != 1:
        raise Raced
