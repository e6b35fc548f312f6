"""Checkpoints of LangGraph in Activity Session: `pip install "activity-session[langgraph]"`.

`ActivitySessionSaver` is a checkpointer for `compile`. docs/adapters/langgraph.md says why, and how to use it.
"""

from activity_session.langgraph._saver import ActivitySessionSaver as ActivitySessionSaver

__all__ = ["ActivitySessionSaver"]
