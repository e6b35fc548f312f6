"""The demo: a chat is replayed on a real server that is killed meanwhile. `python -m activity_session_demo` runs it."""
