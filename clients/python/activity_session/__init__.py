"""Activity Session: the stubs of its API are in `activity_session.v1`."""
