"""What the helpers send, attempt by attempt; and the kind of each reason and code, the same in each client."""

import pytest
from grpc import StatusCode

from activity_session.v1.conflict_pb2 import Conflict, StateConflict
from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsResponse
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import WatchSessionResponse
from activity_session.v1.state_pb2 import State, StateEntry
from activity_session_testing.drivers import Driver, called
from activity_session_testing.mirrors import Answer, Mirror, error_info, refusal

KINDS = {
    StatusCode.NOT_FOUND: "NotFound",
    StatusCode.ALREADY_EXISTS: "AlreadyExists",
    StatusCode.OUT_OF_RANGE: "Purged",
    StatusCode.ABORTED: "Conflict",
    StatusCode.PERMISSION_DENIED: "PermissionDenied",
    StatusCode.UNAVAILABLE: "Unavailable",
}
REASONS = {
    **dict.fromkeys(["NAMESPACE_DELETED", "PARTICIPANT_DELETED", "SESSION_DELETED", "MEMORY_DELETED"], "Deleted"),
    "TURN_HELD": "TurnHeld",
    "TURN_LOST": "TurnLost",
}


def test_an_id_is_made_once_for_all_attempts(driver: Driver, mirror: Mirror) -> None:
    appended = Answer(StatusCode.OK, [AppendEventsResponse(events=[Event(text="once")])])
    mirror.play(StatusCode.UNAVAILABLE, StatusCode.CANCELLED, appended, appended)
    for _ in range(2):
        assert called(driver, "append_text", session="s", author="", text="once")["message"] == {"text": "once"}
    ids = [attempt.request.events[0].event_id for attempt in mirror.attempts]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert all(len(one) == 36 for one in ids)


def test_an_update_goes_on_with_the_value_that_the_error_tells(driver: Driver, mirror: Mirror) -> None:
    told = StateConflict(key="items", revision=7, value_json='["theirs"]')
    mirror.play(
        Answer(StatusCode.OK, [State(entries={"items": StateEntry(value_json="[]", revision=3)})]),
        refusal(StatusCode.ABORTED, error_info("REVISION_MISMATCH"), Conflict(state_conflicts=[told])),
        Answer(StatusCode.OK, [State(entries={"items": StateEntry(value_json="[]", revision=8)})]),
    )
    done = called(driver, "push", name="s", key="items", value="mine")
    assert (done["value"], done["revision"]) == (["theirs", "mine"], 8)
    assert [attempt.method for attempt in mirror.attempts] == ["GetState", "UpdateState", "UpdateState"]
    assert [attempt.request.updates[0].expected_revision for attempt in mirror.attempts[1:]] == [3, 7]


def test_a_mark_that_fails_is_made_up_for_by_the_next_one(driver: Driver, mirror: Mirror) -> None:
    session = Session(uid="u", participants=[SessionParticipant(participant="p", last_read_sequence=4)])
    events = [WatchSessionResponse(event=Event(sequence=number), uid="u") for number in (5, 6)]
    mirror.play(Answer(StatusCode.OK, [session]), Answer(None, events), StatusCode.DEADLINE_EXCEEDED)
    follower = driver.begin({"loop": "follow", "session": "s", "participant": "p"})
    assert [follower.next()["message"]["sequence"] for _ in events] == ["5", "6"]
    mirror.wait_for(4)
    follower.cancel()
    assert follower.next()["status"] == "OK"
    read, watched, *marks = mirror.attempts
    assert (watched.request.after_sequence, watched.request.uid) == (4, "u")
    assert [(mark.request.sequence, mark.request.uid) for mark in marks] == [(5, "u"), (6, "u")]
    assert read.method == "GetSession"


@pytest.mark.parametrize("code", [code for code in StatusCode if code is not StatusCode.OK])
def test_the_kind_of_each_code(driver: Driver, mirror: Mirror, code: StatusCode) -> None:
    mirror.play(Answer(code))
    assert driver.call("SessionService/GetSession", {}, channel="bare")["kind"] == KINDS.get(code, "")


@pytest.mark.parametrize("reason", [name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()])  # noqa: SIM118
def test_the_kind_of_each_reason(driver: Driver, mirror: Mirror, reason: str) -> None:
    mirror.play(refusal(StatusCode.FAILED_PRECONDITION, error_info(reason)))
    assert driver.call("SessionService/GetSession", {}, channel="bare")["kind"] == REASONS.get(reason, "")
