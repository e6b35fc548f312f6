"""The metrics of a board, as OTLP has them: the same names, labels and buckets as for Prometheus."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from activity_session_server import __version__
from activity_session_server.metrics.boards import Board
from activity_session_server.metrics.definitions import BUILD, METRICS, Definition, Kind, build_row
from activity_session_server.telemetry.resource import NAME

_SCOPE = InstrumentationScope(NAME, __version__)
_TEMPORALITY = AggregationTemporality.CUMULATIVE
# The least and the greatest value of a histogram; OTLP has them as optional.
_NOT_KEPT: Any = None


class Points:
    """Reads the metrics of a process, counted since its start."""

    def __init__(self, board: Board, database: str, resource: Resource) -> None:
        """`database` is the kind of database, such as sqlite."""
        self._board = board
        self._build = build_row(database)
        self._resource = resource
        self._begun = time.time_ns()

    def read(self) -> MetricsData:
        """All metrics, as they are now."""
        span = _Span(self._begun, time.time_ns())
        metrics = [Metric(one.name, one.help, None, self._data(one, span)) for one in METRICS]
        scope = ScopeMetrics(_SCOPE, metrics, "")
        return MetricsData([ResourceMetrics(self._resource, [scope], "")])

    def _data(self, metric: Definition, span: "_Span") -> Sum | Gauge | Histogram:
        if metric is BUILD:
            return Gauge([span.number(metric, self._build, 1.0)])
        series = list(self._series(metric))
        if metric.kind is Kind.HISTOGRAM:
            return Histogram([span.histogram(metric, *one) for one in series], _TEMPORALITY)
        numbers = [span.number(metric, row, number) for row, (number,) in series]
        return Sum(numbers, _TEMPORALITY, is_monotonic=True) if metric.kind is Kind.COUNTER else Gauge(numbers)

    def _series(self, metric: Definition) -> Iterator[tuple[Sequence[str], list[float]]]:
        for row in metric.rows:
            yield row, self._board.numbers(metric, row)


class _Span(NamedTuple):
    """The time that points are about, in nanoseconds since 1970."""

    begun: int
    now: int

    def number(self, metric: Definition, row: Sequence[str], value: float) -> NumberDataPoint:
        """A point of a counter or a gauge."""
        return NumberDataPoint(_attributes(metric, row), self.begun, self.now, value)

    def histogram(self, metric: Definition, row: Sequence[str], numbers: list[float]) -> HistogramDataPoint:
        """A point of a histogram."""
        *counts, total = numbers
        buckets = [int(count) for count in counts]
        attributes = _attributes(metric, row)
        return HistogramDataPoint(
            attributes, self.begun, self.now, sum(buckets), total, buckets, metric.bounds, _NOT_KEPT, _NOT_KEPT
        )


def _attributes(metric: Definition, row: Sequence[str]) -> dict[str, str]:
    return dict(zip(metric.labels, row, strict=True))
