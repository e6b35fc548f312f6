"""The functions without asyncio that are nothing but calls."""

from activity_session._loop import append, ensure
from activity_session._loop.steps import blocking

append_json = blocking(append.append_json)
append_text = blocking(append.append_text)
ensure_participant = blocking(ensure.ensure_participant)
ensure_session = blocking(ensure.ensure_session)
