"""Sessions of Google's ADK in Activity Session: `pip install "activity-session[adk]"`.

`ActivitySessionService` is a `BaseSessionService` for runners; `from_uri` makes one for `adk web` and `adk api_server`.
docs/adapters/adk.md says why, and how to use them.
"""

from activity_session.adk._service import ActivitySessionService as ActivitySessionService
from activity_session.adk._uri import from_uri as from_uri

__all__ = ["ActivitySessionService", "from_uri"]
