"""The sessions of one participant: found by its memberships, which know the name and the time of each session.

So a page is a range of an index, however many sessions there are, of others or its own. Only by `update_time` and
`last_event_time`, which memberships do not know, all sessions of the participant are sorted.
"""

from sqlalchemy import bindparam, select

from activity_session_server.orm import ActivitySession, ActivitySessionParticipant, Namespace, Participant
from activity_session_server.orm.base import table_of
from activity_session_server.rules.paging import Order
from activity_session_server.store.lists.pages import COLUMNS, Keys

_TABLE = table_of(ActivitySessionParticipant)
# Beside the memberships that tell who else is in a session.
OWN = _TABLE.alias("own")
# Given the ids `namespace` and `participant`.
IS_OWN = (
    OWN.c.participant_pkid
    == select(Participant.pkid)
    .join_from(Participant, Namespace)
    .where(Namespace.name == bindparam("namespace"), Participant.name == bindparam("participant"))
    .scalar_subquery()
)
_OWN_COLUMNS = {"name": "session_name", "create_time": "session_create_ts"}


def own_keys(order: Order) -> Keys:
    """The columns by which the sessions of a participant are sorted."""
    uid = OWN.c.activity_session_pkid
    if order.field not in _OWN_COLUMNS:
        return Keys(table_of(ActivitySession).c[COLUMNS[order.field]], uid)
    wanted = ["participant_pkid", _OWN_COLUMNS[order.field], uid.key]
    (index,) = (index for index in _TABLE.indexes if [column.name for column in index.columns] == wanted)
    return Keys(OWN.c[_OWN_COLUMNS[order.field]], uid, index_name=str(index.name))
