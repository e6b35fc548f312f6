"""HTTP/1.1 as uvicorn has it by httptools, with an end to how long a head may be, and how long it may take."""

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from activity_session_server.http.certificates import names_of
from activity_session_server.http.headers import ABORT, NAMES

# Bytes of a request line and its headers, and the seconds in which they must come.
MOST_HEAD_BYTES = 32 * 1024
HEAD_SECONDS = 10.0
_TOO_LARGE = STATUS_LINE[431] + b"content-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    _head_bytes = 0
    _is_head = True
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for a head."""
        super().connection_made(transport)
        self._names = names_of(transport.get_extra_info("ssl_object"))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come, unless it is the part of a head that makes it too large."""
        super().data_received(data)
        if self._is_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        """Begin with a head."""
        super().on_message_begin()
        self._is_head, self._head_bytes = True, 0
        self._wait()
        # ASGI has no way to break off a connection with what is not taken of it, nor to tell whose it is.
        self.scope["extensions"] = {ABORT: self._abort, NAMES: self._names}  # type: ignore[dict-item]  # it knows only those of ASGI

    def on_headers_complete(self) -> None:
        """Be done with a head."""
        self._is_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(HEAD_SECONDS, self._close)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self) -> None:
        # With a response on its way the head is that of the next request, which is answered by nothing.
        if not self.transport.is_closing():
            self.transport.close()

    def _abort(self) -> None:
        self.loop.call_soon_threadsafe(self.transport.abort)
