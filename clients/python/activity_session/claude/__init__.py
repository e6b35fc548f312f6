"""Transcripts of the Claude Agent SDK in Activity Session: `pip install "activity-session[claude]"`.

`ActivitySessionStore` is a `SessionStore` for `ClaudeAgentOptions`. docs/adapters/claude.md says why and
how to use it.
"""

from activity_session.claude._store import ActivitySessionStore as ActivitySessionStore

__all__ = ["ActivitySessionStore"]
