"""The helpers that are a call or two: who takes part, appends, shared state."""

import json
from typing import Any

import pytest

from activity_session.v1.participant_service_pb2 import GetParticipantRequest
from activity_session_testing.drivers import WITH_ANY_CLIENT, Driver, called, driving
from activity_session_testing.drivers import Client as DrivenClient
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import get_session, member_names, new_participant, new_session, read_state

pytestmark = WITH_ANY_CLIENT
PARENT = "namespaces/default"


@pytest.fixture(scope="module")
def served(client: DrivenClient, server: Any) -> Any:
    """A driver that is connected to the server."""
    with driving(client, client.target(server)) as driver:
        yield driver


@pytest.fixture
def session(stubs: Client) -> str:
    return new_session(stubs, PARENT).name


class TestEnsuring:
    def test_a_participant_is_created_once(self, served: Driver, stubs: Client) -> None:
        participant_id = unique("ada")
        named = {"parent": PARENT, "participant_id": participant_id}
        for kind in ("PARTICIPANT_TYPE_USER", "PARTICIPANT_TYPE_AGENT"):
            made = called(served, "ensure_participant", **named, type=kind)["message"]
            assert (made["name"], made["participant_type"]) == (
                f"{PARENT}/participants/{participant_id}",
                "PARTICIPANT_TYPE_USER",
            )
        assert stubs.participants.GetParticipant(GetParticipantRequest(name=made["name"])).uid == made["uid"]

    def test_a_session_gets_the_members_that_it_lacks(self, served: Driver, stubs: Client) -> None:
        ada, bob = (new_participant(stubs, PARENT) for _ in range(2))
        named = {"parent": PARENT, "session_id": unique("trip")}
        made = called(served, "ensure_session", **named, participants=[ada])["message"]
        again = called(served, "ensure_session", **named, participants=[bob])["message"]
        assert made["uid"] == again["uid"]
        assert member_names(get_session(stubs, made["name"])) == [ada, bob]


class TestAppending:
    def test_a_text_is_a_message_of_its_author(self, served: Driver, stubs: Client, session: str) -> None:
        ada = new_participant(stubs, PARENT)
        event = called(served, "append_text", session=session, author=ada, text="京都 🏯")["message"]
        told = {key: event[key] for key in ("sequence", "author", "type", "text")}
        assert told == {"sequence": "1", "author": ada, "type": "message", "text": "京都 🏯"}

    def test_a_value_is_json(self, served: Driver, session: str) -> None:
        value = {"days": [1, None, "京"], "ok": True}
        event = called(served, "append_json", session=session, author="", value=value, type="plan")["message"]
        assert (event["type"], event["media_type"]) == ("plan", "application/json")
        assert json.loads(event["text"]) == value

    def test_an_id_of_the_caller_is_kept(self, served: Driver, session: str) -> None:
        mine = {"session": session, "author": "", "event_id": "mine"}
        for _ in range(2):
            assert called(served, "append_text", **mine, text="once")["message"]["sequence"] == "1"
        assert called(served, "append_text", **mine, text="other")["kind"] == "AlreadyExists"

    def test_a_token_that_is_not_current_is_refused(self, served: Driver, session: str) -> None:
        refused = called(served, "append_text", session=session, author="", text="late", turn_token=7)
        assert (refused["reason"], refused["kind"]) == ("TURN_LOST", "TurnLost")


class TestState:
    def test_a_value_is_written_and_read(self, served: Driver, session: str) -> None:
        key = {"name": session, "key": "plan"}
        missing = called(served, "get", **key)
        assert (missing["value"], missing["revision"]) == (None, 0)
        value = {"days": [1, 2.5], "京": None}
        assert called(served, "set", **key, value=value)["revision"] == 1
        got = called(served, "get", **key)
        assert (got["value"], got["revision"]) == (value, 1)

    def test_a_write_can_expect_a_revision(self, served: Driver, session: str) -> None:
        key = {"name": session, "key": "plan"}
        assert called(served, "set", **key, value=1, expected_revision=0)["revision"] == 1
        refused = called(served, "set", **key, value=2, expected_revision=0)
        assert (refused["reason"], refused["kind"]) == ("REVISION_MISMATCH", "Conflict")
        assert called(served, "set", **key, value=2, expected_revision=1)["revision"] == 2

    def test_no_update_of_many_at_once_is_lost(self, served: Driver, stubs: Client, session: str) -> None:
        # Long texts, so that errors leave the value out after a few.
        items = [f"{number}" * 1000 for number in range(8)]
        commands = [{"loop": "push", "name": session, "key": "items", "value": item} for item in items]
        revisions = [running.next()["revision"] for running in [served.begin(command) for command in commands]]
        assert sorted(revisions) == list(range(1, 9))
        assert sorted(called(served, "get", name=session, key="items")["value"]) == items
        assert read_state(stubs, session)["items"].revision == 8
