"""All that is at the HTTP address."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount
from starlette.types import ASGIApp

from activity_session_server.http.ag_ui.calls import PREFIX as AG_UI
from activity_session_server.http.ag_ui.calls import AgUiCalls
from activity_session_server.http.calls import JsonCalls
from activity_session_server.http.connect.calls import ConnectCalls
from activity_session_server.http.connect.responses import Connect
from activity_session_server.http.origins import OwnPages
from activity_session_server.http.pages.routing import Pages
from activity_session_server.http.refusals import Refusing
from activity_session_server.http.responses import JSON, Json
from activity_session_server.rpc.handlers import Rpc

_METHODS = ("GET", "POST", "PATCH", "DELETE")
_EXPOSED = ("ETag", "x-call-id", "Retry-After")


class Guard(Enum):
    """What pages of others are kept from: nothing, where callers need credentials; calls; also other names of hosts."""

    NONE = auto()
    ORIGINS = auto()
    LOOPBACK = auto()


def application(
    rpcs: Mapping[str, Rpc],
    pages: Mapping[str, ASGIApp],
    most_bytes: int,
    cors_origins: Sequence[str],
    guard: Guard,
    *,
    count_refused: Callable[[int], None],
) -> Starlette:
    """The ASGI application, with its `pages`; those of other origins may call it only where they are named.

    `count_refused` is called with the code of HTTP of each request that becomes no call.
    """
    cors = Middleware(
        CORSMiddleware,
        allow_origins=cors_origins,
        allow_methods=_METHODS,
        allow_headers=["*"],
        expose_headers=_EXPOSED,
        max_age=3600,
    )
    own_pages = Middleware(OwnPages, cors_origins, is_loopback=guard is Guard.LOOPBACK)
    refusing = Middleware(Refusing, Json(), count_refused)
    middleware = ([cors] if cors_origins else []) + [refusing] + ([] if guard is Guard.NONE else [own_pages])
    # On the paths that the RPCs have in gRPC; its errors have a form of their own.
    connect = Refusing(ConnectCalls(rpcs, most_bytes), Connect(JSON, is_json=True), count_refused)
    services = sorted({path.rpartition("/")[0] for path in rpcs})
    routes = [
        *(Mount(service, connect) for service in services),
        Mount(AG_UI, AgUiCalls(rpcs, most_bytes)),
        Mount("", Pages(pages, JsonCalls(rpcs, most_bytes))),
    ]
    return Starlette(routes=routes, middleware=middleware)
