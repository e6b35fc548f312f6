"""Decides of each call whether it is recorded, begins its span, and sends spans to a collector.

Where there are many calls, most are not recorded, and those must cost little: so nearly all of them are decided by one
comparison, as the sampler would decide. To ask it takes four times as long, to have the SDK make a span that is not
recorded ten times; and in a server, where caches are cold, all of that takes several times as long.
"""

import os
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
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, TraceIdRatioBased
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
# The bits of an id by which samplers with a ratio judge.
_JUDGED = TraceIdRatioBased.TRACE_ID_LIMIT


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
        self._bound = _bound()
        self._follows_callers = isinstance(self._sampler, ParentBased) and _TRACEPARENT in self._fields

    def begin(self, method: str, metadata: Mapping[str, Any], waited: float) -> Trace | None:
        """The trace of a call that has come so many seconds ago; None where it is not recorded."""
        if self._fields.isdisjoint(metadata):
            trace_id = self._ids.draw()
            if trace_id & _JUDGED >= self._bound:
                return None
            return self._begin(method[1:], _ROOT, trace_id, waited)
        if self._follows_callers and _NOT_SAMPLED.fullmatch(metadata.get(_TRACEPARENT, "")):
            return None
        parent = self._propagator.extract(metadata, _ROOT)
        trace_id = get_current_span(parent).get_span_context().trace_id or self._ids.draw()
        return self._begin(method[1:], parent, trace_id, waited)

    def stop(self) -> None:
        """Send what is left, as far as the collector takes it in time."""
        shut_down(self._exporter, self._provider.shutdown)

    def _begin(self, name: str, parent: Context, trace_id: int, waited: float) -> Trace | None:
        attributes = {"rpc.system.name": "grpc", "rpc.method": name}
        sampled = self._sampler.should_sample(parent, trace_id, name, SpanKind.SERVER, attributes)
        if sampled.decision is Decision.DROP:
            return None
        self._ids.keep(trace_id)
        begun = time.time_ns() - int(waited * _NANOSECONDS)
        span = self._tracer.start_span(name, parent, SpanKind.SERVER, attributes, start_time=begun)
        return CallTrace(self._tracer, span, self._database)


class _Ids(RandomIdGenerator):
    """Gives the span of a call the id of the trace with which the call was sampled, by the same thread just before."""

    def __init__(self) -> None:
        self._kept = threading.local()

    def draw(self) -> int:
        """The id of a new trace."""
        return super().generate_trace_id()

    def keep(self, trace_id: int) -> None:
        """Give this id to the next span of this thread that begins a trace."""
        self._kept.trace_id = trace_id

    def generate_trace_id(self) -> int:
        """The id that was kept."""
        kept: int = self._kept.trace_id
        return kept


def _bound() -> int:
    """The number from which on no new trace is recorded, where the sampler goes by the ids alone; else one for none."""
    if os.environ.get("OTEL_TRACES_SAMPLER", "").strip().lower() not in ("traceidratio", "parentbased_traceidratio"):
        return _JUDGED + 1
    try:
        return TraceIdRatioBased(float(os.environ["OTEL_TRACES_SAMPLER_ARG"])).bound
    except (KeyError, ValueError):
        # As the SDK does, which also says so in the log.
        return _JUDGED + 1
