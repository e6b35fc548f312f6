"""Conversations of Pydantic AI in Activity Session: `pip install "activity-session[pydantic-ai]"`.

`ActivityConversationStore` is a `ConversationStore`. docs/adapters/pydantic_ai.md says why, and how to use it.
"""

from activity_session.pydantic_ai._store import ActivityConversationStore as ActivityConversationStore

__all__ = ["ActivityConversationStore"]
