"""The command `activity-session-migrate`, which copies the store of a framework into the service.

`_copying` takes one session after the other, and knows no framework; `adk`, `openai` and `langgraph` are the sources,
each written in the form of its adapter. docs/adapters has a page for each.
"""
