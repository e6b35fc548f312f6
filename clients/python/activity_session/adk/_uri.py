"""The service as `--session_service_uri` names it."""

from typing import Any
from urllib.parse import unquote, urlsplit

from activity_session.adk._service import ActivitySessionService


def from_uri(uri: str, **_: Any) -> ActivitySessionService:
    """Return the service for `activity-session://HOST:PORT`, or `activity-session://HOST:PORT/NAMESPACE`.

    It is the `class` that `services.yaml` names for the scheme `activity-session`. The other arguments that ADK passes
    concern other services.

    Raises:
        ValueError: the URI has no address.
    """
    parts = urlsplit(uri)
    if not parts.netloc:
        raise ValueError(f"{uri!r} has no address: activity-session://HOST:PORT is needed")
    return ActivitySessionService(parts.netloc, namespace=unquote(parts.path.strip("/")) or None)
