"""The tables. Importing this package maps every class, so that relationships find each other by name.

May import the rules; neither gRPC, nor threads and locks, nor what runs the SQL.
"""

from activity_session_server.orm.activity_session import ActivitySession
from activity_session_server.orm.activity_session_participant import ActivitySessionParticipant
from activity_session_server.orm.base import Base
from activity_session_server.orm.event import Event
from activity_session_server.orm.expunged import Expunged
from activity_session_server.orm.former_member import FormerMember
from activity_session_server.orm.former_session import FormerSession
from activity_session_server.orm.history.event_mark import EventMark
from activity_session_server.orm.history.hidden_range import HiddenRange
from activity_session_server.orm.history.inherited_range import InheritedRange
from activity_session_server.orm.history.past_state import PastState
from activity_session_server.orm.idempotency import Idempotency
from activity_session_server.orm.memory import Memory
from activity_session_server.orm.namespace import Namespace
from activity_session_server.orm.node_lock import NodeLock
from activity_session_server.orm.participant import Participant
from activity_session_server.orm.state import State
from activity_session_server.orm.state_owner import StateOwner

__all__ = [
    "ActivitySession",
    "ActivitySessionParticipant",
    "Base",
    "Event",
    "EventMark",
    "Expunged",
    "FormerMember",
    "FormerSession",
    "HiddenRange",
    "Idempotency",
    "InheritedRange",
    "Memory",
    "Namespace",
    "NodeLock",
    "Participant",
    "PastState",
    "State",
    "StateOwner",
]
