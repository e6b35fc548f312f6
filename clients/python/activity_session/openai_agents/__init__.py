"""Sessions of the OpenAI Agents SDK in Activity Session: `pip install "activity-session[openai-agents]"`.

`ActivitySession` is a `Session` for `Runner.run`. docs/adapters/openai_agents.md says why, and how to use it.
"""

from activity_session.openai_agents._session import ActivitySession as ActivitySession

__all__ = ["ActivitySession"]
