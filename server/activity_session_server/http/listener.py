"""The HTTP address: uvicorn, by a thread of its own with a loop of its own."""

import logging
import math
import signal
import ssl
import threading

import uvicorn
from starlette.types import ASGIApp

from activity_session_server.addresses import Address, listening
from activity_session_server.http.protocol import BoundedProtocol

# Seconds that a connection may be idle between two requests; proxies before the server keep theirs for a minute.
_KEEP_ALIVE = 75
_log = logging.getLogger("activity_session.http")


class Listener:
    """Listens on an address, from when it is made; serves after `start`."""

    def __init__(self, address: Address, tls: ssl.SSLContext | None, *, is_shared: bool) -> None:
        """Listen, with TLS if it is given; other processes may share the address that ask for it too.

        Raises:
            AddressInUseError: nothing can listen on the address.
        """
        self._tls = tls
        self._sockets = listening(address, is_shared=is_shared)
        self.address = str(address._replace(port=self._sockets[0].getsockname()[1]))
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, application: ASGIApp) -> None:
        """Begin to serve."""
        tls = self._tls
        config = uvicorn.Config(
            application,
            http=BoundedProtocol,
            loop="uvloop",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE,
            ssl_context_factory=None if tls is None else lambda *_: tls,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=(self._sockets,), name="http", daemon=True)
        # Signals are for the main thread, which a signal to another one would not wake.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
        self._thread.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _log.info("JSON over HTTP", extra={"address": self.address})

    def drain(self, seconds: float) -> None:
        """Take no more requests; what runs has so many seconds to end."""
        if self._server is not None:
            self._server.config.timeout_graceful_shutdown = math.ceil(seconds)
            self._server.should_exit = True

    def stop(self) -> None:
        """Wait for the end of what runs."""
        if self._thread is not None:
            self._thread.join()
        for one in self._sockets:
            one.close()
