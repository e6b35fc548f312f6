"""The clients that play scripts: the drivers, over a channel without any of our helpers, grpcurl, and HTTP."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from activity_session_testing import drivers
from activity_session_testing.conformance import grpcurl, http
from activity_session_testing.conformance.player import Answers, Caller

_DRIVERS = {client.name: client for client in (*drivers.CLIENTS, drivers.CONNECT_WEB)}
# Those that call over HTTP.
OVER_HTTP = (http.NAME, drivers.CONNECT_WEB.name)
CLIENTS = (*(client.name for client in drivers.CLIENTS), grpcurl.PROGRAM, *OVER_HTTP)


def lacking(client: str) -> str | None:
    """Return one line on what this machine lacks for a client, or None."""
    if client in _DRIVERS:
        return _DRIVERS[client].lacks
    if client == http.NAME or shutil.which(grpcurl.PROGRAM):
        return None
    return f"grpcurl is not installed; to play scripts with it: {grpcurl.HOW_TO_GET}"


@contextlib.contextmanager
def calling(client: str, address: str, folder: Path, token: str = "") -> Iterator[Caller]:
    """Run a client of the server at an address inside the block; it may keep files in the folder.

    One with a token sends that with each call.
    """
    if client in _DRIVERS:
        with drivers.driving(_DRIVERS[client], address, *(["--token", token] if token else [])) as driver:
            # Only what our helpers connect sends a token.
            yield _Driven(driver, "connected" if token else "bare")
    elif client == http.NAME:
        yield http.Http(address, token)
    else:
        with contextlib.closing(grpcurl.Grpcurl(address, folder, token)) as processes:
            yield processes


class _Driven:
    """A client that is called through its driver."""

    def __init__(self, driver: drivers.Driver, channel: str) -> None:
        self._driver, self._channel = driver, channel

    def begin(self, method: str, request: dict[str, Any], timeout: float | None = None) -> Answers:
        deadline = {} if timeout is None else {"timeout": timeout}
        return self._driver.begin({"method": method, "request": request, "channel": self._channel, **deadline})
