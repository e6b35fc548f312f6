"""A first look, to be replaced."""

from servers import Client, failure
from activity_session.v1.session_service_pb2 import GetSessionRequest


def test_missing(client: Client, namespace: str) -> None:
    got = failure(client.sessions.GetSession, GetSessionRequest(name=f"{namespace}/sessions/x"))
    assert got.reason == "SESSION_NOT_FOUND"
