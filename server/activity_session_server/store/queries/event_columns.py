"""What is read of events: their columns, and their messages where they are not large."""

from sqlalchemy import bindparam, case, func, select

from activity_session_server.orm import Event
from activity_session_server.orm.base import table_of
from activity_session_server.store.expressions import byte_length
from activity_session_server.store.lists.pages import Keys
from activity_session_server.store.lists.portions import long_columns

TABLE = table_of(Event)
# What an event is made of, and its place.
EVENT = select(TABLE.c.activity_session_pkid, TABLE.c.sequence, TABLE.c.event_id, TABLE.c.message)
LONG = long_columns(EVENT)
KEYS = Keys(TABLE.c.sequence, owner_uid=TABLE.c.activity_session_pkid)
MESSAGE_BYTES = func.length(TABLE.c.message)
# None for one that has more than `most_bytes`.
SMALL_MESSAGE = case((bindparam("most_bytes") >= MESSAGE_BYTES, TABLE.c.message)).label("message")
# What can be long in a row.
BYTES = MESSAGE_BYTES + byte_length(Event.labels)
