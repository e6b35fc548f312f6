"""How sending ends: what is left is sent, but a collector that does not respond holds up nobody for long."""

import threading
from collections.abc import Callable
from typing import Protocol

# Seconds. The SDK's own limits add up to half a minute, in which a supervisor would kill a worker.
LONGEST_FLUSH = 1.0


class Exporter(Protocol):
    """One of the SDK's."""

    def shutdown(self, timeout_millis: float = ...) -> None:
        """Break off what is being sent, and send nothing more."""


def shut_down(exporter: Exporter, flush: Callable[[], object]) -> None:
    """Send what is left, and break off after `LONGEST_FLUSH`."""
    timer = threading.Timer(LONGEST_FLUSH, exporter.shutdown)
    timer.daemon = True
    timer.start()
    flush()
    timer.cancel()
