"""A collector of traces and metrics: a server of OTLP, which keeps what it is sent."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from activity_session_testing import planted


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """What servers have sent; each request is looked through for secrets."""

    def __init__(self) -> None:
        self.address = ""
        self.requests: list[Any] = []

    @property
    def environment(self) -> dict[str, str]:
        """The variables that have a server send all to it, soon."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{self.address}",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_METRIC_EXPORT_INTERVAL": "100",
        }

    def Export(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802 - the name of the RPC
        del context
        planted.look(str(request))
        planted.look(request.SerializeToString().decode(errors="replace"))
        self.requests.append(request)
        return trace_service_pb2.ExportTraceServiceResponse()

    def resources(self) -> list[dict[str, Any]]:
        """The attributes of the resources that have sent spans."""
        return [
            attributes(sent.resource)
            for request in tuple(self.requests)
            if isinstance(request, trace_service_pb2.ExportTraceServiceRequest)
            for sent in request.resource_spans
        ]

    def spans(self, name: str = "") -> list[Span]:
        """All spans, or those of a name, in the order in which they began."""
        found = [
            span
            for request in tuple(self.requests)
            if isinstance(request, trace_service_pb2.ExportTraceServiceRequest)
            for sent in request.resource_spans
            for scope in sent.scope_spans
            for span in scope.spans
            if name in ("", span.name)
        ]
        return sorted(found, key=lambda span: span.start_time_unix_nano)

    def metrics(self) -> dict[str, Metric]:
        """The metrics by name, as they were sent last."""
        return {
            metric.name: metric
            for request in tuple(self.requests)
            if isinstance(request, metrics_service_pb2.ExportMetricsServiceRequest)
            for sent in request.resource_metrics
            for scope in sent.scope_metrics
            for metric in scope.metrics
        }


def attributes(message: Any) -> dict[str, Any]:
    """The attributes of a span, a point or a resource."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in message.attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port."""
    collector, server = Collector(), grpc.server(ThreadPoolExecutor(4))
    adding: tuple[Any, ...] = (
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server,
        metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server,
    )
    for add in adding:
        add(collector, server)
    collector.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(None).wait()
