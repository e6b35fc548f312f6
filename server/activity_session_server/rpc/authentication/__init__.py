"""Who calls, found out before anything else of a call is looked at: by a token, a JWT, or the client's certificate."""

from activity_session_server.rpc.authentication.authentication import Authentication, Ways

__all__ = ["Authentication", "Ways"]
