"""Where the keys of an issuer come from: a file, or its address."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.request import HTTPRedirectHandler, Request, build_opener

from activity_session_server.live.errands import Errand
from activity_session_server.rpc.authentication.key_sets import KeySet, KeySetError, keys_in
from activity_session_server.rpc.files import FileError, FilesReadAgain, read_bytes

# Seconds between two looks at an address, so that a key that its issuer withdraws is soon one that is not known.
INTERVAL = 300.0
# Seconds after a look in which a key that is not known causes no other one.
PAUSE = 10.0
# Seconds that an issuer may take for each step of a response, and that a call waits for it.
_TIMEOUT = 5.0
_MOST_BYTES = 1024 * 1024
_log = logging.getLogger("activity_session.jwt")


class KeySource(Protocol):
    """Keys that can change."""

    def current(self) -> KeySet:
        """The keys by now; the same object as long as they are the same."""

    def newer(self) -> KeySet:
        """The keys by now, for a call whose key is not among those before."""

    def start(self) -> None:
        """Begin to keep them current."""

    def stop(self) -> None:
        """End that."""


def key_source(place: str) -> KeySource:
    """The keys of a file, or of an address that begins with `https://`.

    Raises:
        FileError: the file cannot be read, or is no set of keys.
    """
    return _Address(place) if place.startswith("https://") else _File(Path(place))


class _File:
    def __init__(self, path: Path) -> None:
        self.current: Callable[[], KeySet] = FilesReadAgain([path], lambda: _keys_of(path), "the file of keys").current
        self.newer = self.current

    def start(self) -> None:
        """Nothing: it is read by the calls."""

    stop = start


class _Address:
    """No keys until they have been fetched once; if a fetch fails, those before."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._opener = build_opener(_NoRedirects)
        # Written by one thread; what is read of it never changes.
        self._keys: KeySet = {}
        self._raw = b""
        self._errand = Errand("keys", self._fetch, interval=INTERVAL, pause=PAUSE)

    def current(self) -> KeySet:
        return self._keys

    def newer(self) -> KeySet:
        self._errand.ask(_TIMEOUT)
        return self._keys

    def start(self) -> None:
        self._errand.start(_TIMEOUT)

    def stop(self) -> None:
        self._errand.stop()

    def _fetch(self) -> None:
        try:
            raw = self._read()
            if raw != self._raw:
                self._keys, self._raw = keys_in(raw), raw
                _log.info("the keys are replaced", extra={"address": self._address, "kids": sorted(self._keys)})
        except Exception as error:  # whatever the issuer sends, the keys before go on
            _log.warning("the keys of %s are not replaced: %s", self._address, error)

    def _read(self) -> bytes:
        request = Request(self._address, headers={"Accept": "application/json"})  # noqa: S310 -- it is https
        with self._opener.open(request, timeout=_TIMEOUT) as response:
            raw: bytes = response.read(_MOST_BYTES + 1)
        if len(raw) > _MOST_BYTES:
            raise KeySetError(f"the response has more than {_MOST_BYTES} bytes")
        return raw


class _NoRedirects(HTTPRedirectHandler):
    """They could lead away from TLS, or to a server of this network."""

    def redirect_request(self, *_: object) -> None:
        """None, so that the status stays an error."""


def _keys_of(path: Path) -> KeySet:
    try:
        return keys_in(read_bytes(path))
    except KeySetError as error:
        raise FileError(f"{path}: {error}") from None
