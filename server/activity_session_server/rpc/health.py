"""Health (grpc.health.v1): whether the process lives, and whether its services can be used.

The empty service name stands for the process: SERVING until it drains. Each service's own name also follows the
database, so that a load balancer moves away from a server without one while nobody restarts it for that.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

_STATUS = HealthCheckResponse.ServingStatus


_POOL = ThreadPoolExecutor(max_workers=1, thread_name_prefix="health")


class _Servicer(health.HealthServicer):  # type: ignore[misc]  # it ships no types
    """Answers by a thread of its own, so that health is told while all others are busy."""

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protos' name
        return super().Check(request, context)

    def List(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protos' name
        return super().List(request, context)

    # grpcio's sync server takes the pool from the handler, as it does for Watch in the health package itself.
    Check.experimental_thread_pool = List.experimental_thread_pool = _POOL  # type: ignore[attr-defined]


class Health:
    """The statuses of a server."""

    def __init__(self, services: Iterable[str]) -> None:
        self._services = tuple(services)
        self._servicer = _Servicer()
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


def ask(address: str, service: str, timeout: float) -> str:
    """The status that a running server gives, such as SERVING.

    Raises:
        grpc.RpcError: when it does not answer within `timeout` seconds, or does not know the service.
    """
    with grpc.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = stub.Check(HealthCheckRequest(service=service), timeout=timeout)
        return str(_STATUS.Name(answer.status))
