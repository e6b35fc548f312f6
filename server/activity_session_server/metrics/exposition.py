"""What Prometheus is told: the numbers of one board, or of those of all workers together, as text."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from activity_session_server.metrics.boards import Board
from activity_session_server.metrics.definitions import BUILD, METRICS, Definition, Kind, Workers, build_row

_INF = "+Inf"


class Exposition(Collector):
    """The metrics of a server, as long as it runs."""

    def __init__(self, boards: Sequence[Board], database: str) -> None:
        """Show the boards of all processes that serve calls; `database` is the kind of database, such as sqlite."""
        self._boards = boards
        self._build = build_row(database)

    def text(self, accept: str) -> tuple[bytes, str]:
        """All metrics in the format that a client accepts, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self), content_type

    def collect(self) -> Iterator[Metric]:
        """All metrics, in the order of their definitions."""
        for metric in METRICS:
            if metric is BUILD:
                yield self._build_info()
            else:
                yield self._family(metric)

    def _build_info(self) -> Metric:
        family = GaugeMetricFamily(BUILD.name, BUILD.help, labels=BUILD.labels)
        family.add_metric(self._build, 1)
        return family

    def _family(self, metric: Definition) -> Metric:
        if metric.kind is Kind.HISTOGRAM:
            histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
            bounds = [*map(floatToGoString, metric.bounds), _INF]
            for row in metric.rows:
                *counts, total = self._numbers(metric, row)
                histogram.add_metric(row, list(zip(bounds, accumulate(counts), strict=True)), total)
            return histogram
        make = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
        family = make(metric.name, metric.help, labels=metric.labels)
        for row in metric.rows:
            family.add_metric(row, self._numbers(metric, row)[0])
        return family

    def _numbers(self, metric: Definition, row: Sequence[str]) -> list[float]:
        found = [board.numbers(metric, row) for board in self._boards]
        merge = sum if metric.workers is Workers.SUM else max
        return [merge(numbers) for numbers in zip(*found, strict=True)]
