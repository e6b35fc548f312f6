"""Sends the metrics of a process to a collector, each time that an interval is over, and at the end."""

import logging
import os
import threading
from collections.abc import Callable

from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter

from activity_session_server.metrics.boards import Board
from activity_session_server.telemetry.ending import shut_down
from activity_session_server.telemetry.points import Points
from activity_session_server.telemetry.resource import this_process

# Milliseconds, as the specification has it.
_INTERVAL = "OTEL_METRIC_EXPORT_INTERVAL"
_DEFAULT_INTERVAL = "60000"
_log = logging.getLogger("activity_session.telemetry")


class MetricExports:
    """Sends by a thread of its own, so that a collector that does not respond holds up nothing else."""

    def __init__(self, board: Board, database: str, refresh: Callable[[], None]) -> None:
        """`refresh` has the board tell what is true now; `database` is the kind of database, such as sqlite."""
        self._points = Points(board, database, this_process())
        self._refresh = refresh
        self._exporter = OTLPMetricExporter()
        self._interval = float(os.environ.get(_INTERVAL) or _DEFAULT_INTERVAL) / 1000
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._keep_sending, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send once more, as far as the collector takes it in time."""
        self._is_over.set()
        shut_down(self._exporter, self._end)

    def _keep_sending(self) -> None:
        while not self._is_over.wait(self._interval):
            self._send()
        self._send()

    def _end(self) -> None:
        self._thread.join()
        self._exporter.shutdown()

    def _send(self) -> None:
        try:
            self._refresh()
            self._exporter.export(self._points.read())
        except Exception:  # the next attempt may succeed; what is wrong with a collector the exporter logs itself
            _log.exception("the metrics are not sent")
