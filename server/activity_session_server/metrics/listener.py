"""The admin listener: `/metrics` for Prometheus, `/livez` and `/readyz` for probes, over plain HTTP.

It has no TLS and asks nobody who they are: what it tells are numbers and the state of the server, no content and no
name of anything that callers have made.
"""

import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, NamedTuple

from activity_session_server.addresses import Address, AddressInUseError

# Requests that are served at once; with one, a client that is slow would hold up the probes.
_THREADS = 4
# Seconds that a client may take to send its request, or to take a part of the response.
_PATIENCE = 5
_TEXT = "text/plain; charset=utf-8"
_PATHS = "/livez, /metrics, /readyz"
_log = logging.getLogger("activity_session.admin")


class Told(NamedTuple):
    """What is told: the metrics in a format that is accepted, and their content type; why the server is not ready."""

    metrics: Callable[[str], tuple[bytes, str]]
    problem: Callable[[], str]


class Listener:
    """Listens on an address of its own, from when it is made; responds after `start`."""

    def __init__(self, address: Address, told: Told) -> None:
        """Listen.

        Raises:
            AddressInUseError: nothing can listen on the address.
        """
        try:
            self._server = _Server(address, told)
        except OSError:
            raise AddressInUseError(str(address)) from None
        self.address = str(address._replace(port=self._server.server_address[1]))
        self._thread = threading.Thread(target=self._server.serve_forever, name="admin", daemon=True)

    def start(self) -> None:
        """Begin to respond."""
        # Signals are for the main thread, which a signal to another one would not wake.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
        self._thread.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _log.info("metrics and probes", extra={"address": self.address})

    def stop(self) -> None:
        """Respond no more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(HTTPServer):
    """Serves a few requests at a time, each by a thread of a pool; further ones wait."""

    def __init__(self, address: Address, told: Told) -> None:
        host = address.host.strip("[]")
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.told = told
        self._pool = ThreadPoolExecutor(_THREADS, "admin")
        # The connections that threads serve now. Without a lock: each step is atomic, and the end goes through a copy.
        self._served: set[socket.socket] = set()
        super().__init__((host, address.port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Have a thread respond."""
        self._pool.submit(self._respond, request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the library calls it so
        """Note a request that nothing was made of; a client that has gone is no error of the server."""
        _log.debug("a request to the admin address failed", exc_info=True)

    def server_close(self) -> None:
        """Let go of the address and the threads; what is not over is cut off."""
        super().server_close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        for connection in tuple(self._served):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._pool.shutdown()

    def _respond(self, request: Any, client_address: Any) -> None:
        self._served.add(request)
        try:
            self.finish_request(request, client_address)
        except Exception:  # whatever a client sends, the thread goes on with others
            self.handle_error(request, client_address)
        finally:
            self._served.discard(request)
            self.shutdown_request(request)


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE
    server_version = "activity-session"
    sys_version = ""
    server: _Server

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/metrics":
                body, content_type = self.server.told.metrics(self.headers.get("Accept", ""))
                self._send(HTTPStatus.OK, body, content_type)
            case "/livez":
                self._send(HTTPStatus.OK, b"alive\n")
            case "/readyz":
                problem = self.server.told.problem()
                status = HTTPStatus.SERVICE_UNAVAILABLE if problem else HTTPStatus.OK
                self._send(status, f"not ready: {problem}\n".encode() if problem else b"ready\n")
            case _:
                self._send(HTTPStatus.NOT_FOUND, f"there are {_PATHS}\n".encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is that of the library
        """Log nothing: probes come every few seconds."""

    def _send(self, status: HTTPStatus, body: bytes, content_type: str = _TEXT) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
