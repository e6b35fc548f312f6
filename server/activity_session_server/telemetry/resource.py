"""Which process it is that tells: OpenTelemetry's resource."""

from opentelemetry.sdk.resources import OTELResourceDetector, Resource

from activity_session_server import __version__
from activity_session_server.rules.names import uuid7_hex

NAME = "activity-session"


def this_process() -> Resource:
    """The resource of this process; what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say of it comes first.

    Each process has an id of its own, so that the metrics of several workers are not taken for those of one.
    """
    ours = {"service.name": NAME, "service.version": __version__, "service.instance.id": uuid7_hex()}
    return Resource.create(ours).merge(OTELResourceDetector().detect())
