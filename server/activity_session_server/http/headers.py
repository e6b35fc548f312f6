"""What the headers of a request say."""

import math
from collections.abc import Mapping

from starlette.types import Scope

from activity_session_server.http.contexts import HttpContext
from activity_session_server.http.refusals import invalid_header
from activity_session_server.http.requests import Conditions
from activity_session_server.http.responses import Json

# By their names in small letters; of one that is there several times, the last.
Headers = Mapping[bytes, bytes]
# Where the protocol puts what breaks off a connection.
ABORT = "activity_session.abort"
# And where the names of the client's certificate.
NAMES = "activity_session.names"
# The headers of a timeout: how they are spelt, how many of their units are a second, and what they must be.
_TIMEOUTS = {
    b"x-server-timeout": ("X-Server-Timeout", 1, "seconds, such as 2.5"),
    b"connect-timeout-ms": ("Connect-Timeout-Ms", 1000, "milliseconds, such as 2500"),
}


def context_of(scope: Scope, headers: Headers) -> HttpContext:
    """The context of a call: all headers are its metadata.

    Raises:
        Refused: its timeout is none.
    """
    metadata = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    host, port = scope["client"] or ("unknown", 0)
    peer = f"ipv6:[{host}]:{port}" if ":" in host else f"ipv4:{host}:{port}"
    extensions = scope.get("extensions", {})
    return HttpContext(metadata, peer, _seconds(headers), extensions.get(ABORT), extensions.get(NAMES, {}))


def conditions_of(headers: Headers) -> Conditions:
    """The headers that mean fields of a request."""
    names = (b"if-match", b"idempotency-key", b"last-event-id")
    return Conditions(*(headers.get(name, b"").decode("latin-1") for name in names))


def form_of(headers: Headers, *, reads: bool) -> Json:
    """What a client says of the response; one that has it already is spared it only where it `reads`."""
    return Json(takes_gzip(headers), headers.get(b"if-none-match", b"").decode("latin-1") if reads else "")


def takes_gzip(headers: Headers) -> bool:
    """Whether a client reads what is compressed."""
    return any(_allows_gzip(one) for one in headers.get(b"accept-encoding", b"").lower().split(b","))


def _allows_gzip(coding: bytes) -> bool:
    name, _, weight = coding.partition(b";")
    return name.strip() == b"gzip" and weight.strip().rstrip(b"0").rstrip(b".") not in (b"q=", b"q")


def _seconds(headers: Headers) -> float | None:
    """Seconds that the client gives the call; None where it says nothing."""
    for name, (header, units, form) in _TIMEOUTS.items():
        if name in headers:
            seconds = _number(headers[name]) / units
            if not 0 < seconds < math.inf:
                raise invalid_header(header, f"it must be {form}")
            return seconds
    return None


def _number(given: bytes) -> float:
    try:
        return float(given)
    except ValueError:
        return math.nan
