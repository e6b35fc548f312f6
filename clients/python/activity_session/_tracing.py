"""The caller's trace goes with its calls, where the program has one: by OpenTelemetry, which this client does not need.

A program that has a current span has loaded OpenTelemetry, and set which headers it uses; else there is nothing to do.
"""

import sys
from importlib import import_module
from typing import Any

_TRACE = "opentelemetry.trace"


def traced(details: Any) -> Any:
    """Return the details of a call with the current span in its metadata, unless something has put one there."""
    # None also while another thread is about to load it.
    current_span: Any = getattr(sys.modules.get(_TRACE), "get_current_span", None)
    if current_span is None or not current_span().get_span_context().is_valid:
        return details
    given = list(details.metadata or ())
    carrier: dict[str, str] = {}
    import_module("opentelemetry.propagate").inject(carrier)
    known = {key for key, _ in given}
    added = [(key.lower(), value) for key, value in carrier.items() if key.lower() not in known]
    return details._replace(metadata=[*given, *added])
