"""The demo: a chat is replayed on a real server that is killed midway. `python -m activity_session_demo` runs it."""
