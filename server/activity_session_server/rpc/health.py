"""Health (grpc.health.v1): whether the process lives, and whether its services can be used.

The empty service name stands for the process: SERVING until it drains. Each service's own name also follows the
database, so that a load balancer moves away from a server without one while nobody restarts it for that.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from activity_session_server.live.pools import Pool
from activity_session_server.rpc.marks import run_by

_STATUS = HealthCheckResponse.ServingStatus


class _Servicer(health.HealthServicer):  # type: ignore[misc]  # it ships no types
    """Served by threads of its own, so that health is told while all others are busy."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        # Without a lock: each step is atomic, and the end goes through a copy.
        self._watches: set[Callable[[object], None]] = set()
        # The names of the protos. In the class they would be one for all servers of a process.
        self.Check = run_by(pool, super().Check)
        self.List = run_by(pool, super().List)
        # A watch needs a thread only until its first response; the others are sent by the thread that sets a status.
        self.Watch = run_by(pool, self._watch, is_streamed=True)

    def _watch(self, request: Any, context: Any, send_response_callback: Any) -> Any:
        self._watches.add(send_response_callback)
        context.add_callback(lambda: self._watches.discard(send_response_callback))
        return super().Watch(request, context, send_response_callback)

    def end_watches(self) -> None:
        """End every open watch; None is how grpcio's health package says that there is no more."""
        for send in tuple(self._watches):
            send(None)


class Health:
    """The statuses of a server."""

    def __init__(self, services: Iterable[str], pool: Pool) -> None:
        self._services = tuple(services)
        self._servicer = _Servicer(pool)
        self._is_ready: bool | None = None

    def add_to(self, server: grpc.Server) -> None:
        """Serve the statuses."""
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    def set_ready(self, *, is_ready: bool) -> None:
        """Tell whether the database can be used."""
        if is_ready != self._is_ready:
            self._is_ready = is_ready
            for service in self._services:
                self._servicer.set(service, _STATUS.SERVING if is_ready else _STATUS.NOT_SERVING)

    def drain(self) -> None:
        """Tell that the server is going away; nothing changes that any more."""
        self._servicer.enter_graceful_shutdown()

    def end_watches(self) -> None:
        """Let go of those who watch: an open watch counts as a running call, and would hold up the end."""
        self._servicer.end_watches()


class Trust(NamedTuple):
    """Which server is asked over TLS; without any of its files it is asked without TLS.

    The CA is that of the server's certificate; by default the certificate file itself, for a probe beside the server.
    The server is shown that certificate if it wants one. Its name is that of the address unless `name` is another one.
    """

    ca_file: str = ""
    name: str = ""
    certificate_file: str = ""
    key_file: str = ""

    def channel(self, address: str) -> grpc.Channel:
        """A channel to an address.

        Raises:
            OSError: a file cannot be read.
        """
        if not (self.ca_file or self.certificate_file):
            return grpc.insecure_channel(address)
        ca = Path(self.ca_file or self.certificate_file).read_bytes()
        own = [Path(path).read_bytes() for path in (self.key_file, self.certificate_file) if path]
        options = [("grpc.ssl_target_name_override", self.name)] if self.name else []
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(ca, *own), options)


_NO_TLS = Trust()


def ask(address: str, service: str, timeout: float, trust: Trust = _NO_TLS) -> str:
    """The status that a running server gives, such as SERVING.

    Raises:
        OSError: a file cannot be read.
        grpc.RpcError: when it does not respond within `timeout` seconds, or does not know the service.
    """
    with trust.channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        response = stub.Check(HealthCheckRequest(service=service), timeout=timeout)
        return str(_STATUS.Name(response.status))
