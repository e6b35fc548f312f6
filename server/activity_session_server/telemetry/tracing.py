"""Decides of each call whether it is recorded, begins its span, and sends spans to a collector.

Most calls are not recorded where there are many: so the sampler is asked first, and a span is made only of a call that
it takes. To have the SDK make one that is not recorded costs three times as much.
"""

import re
import threading
import time
from collections.abc import Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import get_global_textmap
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, ParentBased
from opentelemetry.trace import SpanKind, get_current_span

from activity_session_server import __version__
from activity_session_server.rules.calls import Trace
from activity_session_server.telemetry.ending import shut_down
from activity_session_server.telemetry.resource import NAME, this_process
from activity_session_server.telemetry.spans import CallTrace

_TRACEPARENT = "traceparent"
# W3C Trace Context: the caller does not record its trace.
_NOT_SAMPLED = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f][02468ace]")
_ROOT = Context()
_NANOSECONDS = 1e9


class Tracing:
    """The `edge.Tracer` of a process. The SDK has a thread that sends spans, many at a time."""

    def __init__(self, database: Mapping[str, Any]) -> None:
        """Begin to send; `database` are the attributes that the spans of all statements have."""
        self._database = database
        self._ids = _Ids()
        self._provider = TracerProvider(resource=this_process(), shutdown_on_exit=False, id_generator=self._ids)
        self._exporter = OTLPSpanExporter()
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer(NAME, __version__)
        self._sampler = self._provider.sampler
        self._propagator = get_global_textmap()
        self._fields = self._propagator.fields
        self._follows_callers = isinstance(self._sampler, ParentBased) and _TRACEPARENT in self._fields

    def begin(self, method: str, metadata: Mapping[str, Any], waited: float) -> Trace | None:
        """The trace of a call that has come so many seconds ago; None where it is not recorded."""
        parent, trace_id = _ROOT, 0
        if not self._fields.isdisjoint(metadata):
            if self._follows_callers and _NOT_SAMPLED.fullmatch(metadata.get(_TRACEPARENT, "")):
                return None
            parent = self._propagator.extract(metadata, _ROOT)
            trace_id = get_current_span(parent).get_span_context().trace_id
        name = method[1:]
        attributes = {"rpc.system.name": "grpc", "rpc.method": name}
        sampled = self._sampler.should_sample(parent, trace_id or self._ids.draw(), name, SpanKind.SERVER, attributes)
        if sampled.decision is Decision.DROP:
            return None
        begun = time.time_ns() - int(waited * _NANOSECONDS)
        span = self._tracer.start_span(name, parent, SpanKind.SERVER, attributes, start_time=begun)
        return CallTrace(self._tracer, span, self._database)

    def stop(self) -> None:
        """Send what is left, as far as the collector takes it in time."""
        shut_down(self._exporter, self._provider.shutdown)


class _Ids(RandomIdGenerator):
    """Gives the span of a call the id of the trace with which the call was sampled, by the same thread just before."""

    def __init__(self) -> None:
        self._drawn = threading.local()

    def draw(self) -> int:
        """The id of a new trace."""
        drawn = super().generate_trace_id()
        self._drawn.trace_id = drawn
        return drawn

    def generate_trace_id(self) -> int:
        """The id that was drawn last."""
        drawn: int = self._drawn.trace_id
        return drawn
