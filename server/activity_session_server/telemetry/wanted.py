"""What OpenTelemetry's own variables ask for: traces, metrics, or nothing.

They are those of its specification ("OpenTelemetry Environment Variable Specification" and "OTLP Exporter
Configuration"), of which the SDK reads all others by itself.
"""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from activity_session_server.settings import SettingsError

_PACKAGES = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-grpc")
_TO_COLLECTOR, _NOT_AT_ALL = "otlp", "none"
_PROTOCOL = "grpc"


class Wanted(NamedTuple):
    """What is sent to a collector."""

    traces: bool
    metrics: bool


def wanted(environ: Mapping[str, str]) -> Wanted:
    """What the variables ask for.

    Raises:
        SettingsError: it cannot be done, or needs a package that is not installed.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return Wanted(traces=False, metrics=False)
    found = Wanted(traces=_wants(environ, "TRACES"), metrics=_wants(environ, "METRICS"))
    if any(found):
        _check_packages()
    return found


def _wants(environ: Mapping[str, str], signal: str) -> bool:
    exporter = environ.get(f"OTEL_{signal}_EXPORTER", "").strip()
    if exporter not in ("", _TO_COLLECTOR, _NOT_AT_ALL):
        raise SettingsError(f"OTEL_{signal}_EXPORTER: it must be {_TO_COLLECTOR} or {_NOT_AT_ALL}, not {exporter}")
    has_endpoint = bool(_of_signal(environ, signal, "ENDPOINT"))
    if exporter == _NOT_AT_ALL or not (has_endpoint or exporter):
        return False
    if _of_signal(environ, signal, "PROTOCOL") not in ("", _PROTOCOL):
        raise SettingsError(f"OTEL_EXPORTER_OTLP_PROTOCOL: it must be {_PROTOCOL}, for port 4317 of a collector")
    return True


def _of_signal(environ: Mapping[str, str], signal: str, name: str) -> str:
    """The value for one signal, or else that for all of them."""
    own = environ.get(f"OTEL_EXPORTER_OTLP_{signal}_{name}", "").strip()
    return own or environ.get(f"OTEL_EXPORTER_OTLP_{name}", "").strip()


def _check_packages() -> None:
    # Not imported: the process that starts workers needs none of it.
    try:
        for package in _PACKAGES:
            version(package)
    except PackageNotFoundError:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT: it needs OpenTelemetry: pip install 'activity-session-server[otel]'; "
            "OTEL_SDK_DISABLED=true does without"
        ) from None
