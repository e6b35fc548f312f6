"""The client of Activity Session: a channel, its errors, and watches that survive disconnects.

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
    from activity_session._watching import Watch as Watch
    from activity_session._watching import watch as watch
    from activity_session.errors import Error as Error
else:
    from activity_session._lazy import lazy

    _HOMES = {
        "Error": "errors",
        "Watch": "_watching",
        "aio": "aio",
        "connect": "_connection",
        "content": "content",
        "errors": "errors",
        "names": "names",
        "v1": "v1",
        "watch": "_watching",
    }
    __all__, __getattr__, __dir__ = lazy(__name__, _HOMES)
