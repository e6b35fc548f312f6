"""The client of Activity Session: a channel, its errors, watches that survive disconnects, and the everyday loop.

`activity_session.v1` has the messages and stubs, `activity_session.aio` the same client for asyncio. A name is loaded
when it is first used, so that programs that only need messages do not load gRPC.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from activity_session import aio as aio
    from activity_session import content as content
    from activity_session import errors as errors
    from activity_session import names as names
    from activity_session import v1 as v1
    from activity_session._connection import connect as connect
    from activity_session._loop.blocking import append_json as append_json
    from activity_session._loop.blocking import append_text as append_text
    from activity_session._loop.blocking import ensure_participant as ensure_participant
    from activity_session._loop.blocking import ensure_session as ensure_session
    from activity_session._loop.following import Follow as Follow
    from activity_session._loop.following import follow as follow
    from activity_session._loop.state import SharedState as SharedState
    from activity_session._loop.turns import Turn as Turn
    from activity_session._loop.turns import turn as turn
    from activity_session._watching import Watch as Watch
    from activity_session._watching import watch as watch
    from activity_session.errors import Error as Error
else:
    from activity_session._lazy import lazy

    _HOMES = {
        "Error": "errors",
        "Follow": "_loop.following",
        "SharedState": "_loop.state",
        "Turn": "_loop.turns",
        "Watch": "_watching",
        "aio": "aio",
        "append_json": "_loop.blocking",
        "append_text": "_loop.blocking",
        "connect": "_connection",
        "content": "content",
        "ensure_participant": "_loop.blocking",
        "ensure_session": "_loop.blocking",
        "errors": "errors",
        "follow": "_loop.following",
        "names": "names",
        "turn": "_loop.turns",
        "v1": "v1",
        "watch": "_watching",
    }
    __all__, __getattr__, __dir__ = lazy(__name__, _HOMES)
