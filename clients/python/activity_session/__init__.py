"""The client of Activity Session: a channel, its errors, and watches that survive disconnects.

The generated stubs are in `activity_session.v1`; the same for asyncio is in `activity_session.aio`.
"""

from activity_session._connection import connect
from activity_session.errors import Error
from activity_session._watching import Watch, watch

__all__ = ["Error", "Watch", "connect", "watch"]
