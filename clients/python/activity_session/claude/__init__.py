"""Transcripts of the Claude Agent SDK in Activity Session: `pip install "activity-session[claude]"`.

`ActivitySessionStore` is a `SessionStore` for `ClaudeAgentOptions`, and `SharedSessionStore` one for a session that
others use too. docs/adapters/claude.md says why and how to use them.
"""

from activity_session.claude._shared import SharedSessionStore as SharedSessionStore
from activity_session.claude._store import ActivitySessionStore as ActivitySessionStore

__all__ = ["ActivitySessionStore", "SharedSessionStore"]
