"""What the admin listener tells, where it is at the HTTP address too: metrics and probes."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import request_response
from starlette.types import ASGIApp

_UNKEPT = {"cache-control": "no-store"}


def probes(metrics: Callable[[str], tuple[bytes, str]], problem: Callable[[], str]) -> dict[str, ASGIApp]:
    """Metrics and probes by their paths.

    Args:
        metrics: the metrics in a format that is accepted, and their content type.
        problem: why the server is not ready; empty where it is.
    """

    # Not a coroutine: to gather the metrics takes milliseconds, for which Starlette takes a thread.
    def scrape(request: Request) -> Response:
        body, kind = metrics(request.headers.get("accept", ""))
        return Response(body, headers=_UNKEPT, media_type=kind)

    async def ready(_: Request) -> Response:
        why = problem()
        return PlainTextResponse(f"not ready: {why}\n" if why else "ready\n", 503 if why else 200, _UNKEPT)

    return {
        "/metrics": request_response(scrape),
        "/livez": PlainTextResponse("alive\n", headers=_UNKEPT),
        "/readyz": request_response(ready),
    }
