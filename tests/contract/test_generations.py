"""A session that has the name of a former one: nothing that was taken from that one counts for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import (
    AppendEventsRequest,
    GetStateRequest,
    ImportEventsRequest,
    ListEventsRequest,
    PopEventsRequest,
    RedactEventsRequest,
    SupersedeEventsRequest,
    UpdateStateRequest,
)
from activity_session.v1.memory_pb2 import Memory, MemoryType
from activity_session.v1.memory_service_pb2 import (
    BatchCreateMemoriesRequest,
    CreateMemoryRequest,
    DeleteMemoryRequest,
    UpdateMemoryRequest,
)
from activity_session.v1.participant_service_pb2 import GetParticipantRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    BindParticipantRequest,
    DeleteSessionRequest,
    ForkSessionRequest,
    MarkReadRequest,
    ReleaseTurnRequest,
    RenewTurnRequest,
    RewindSessionRequest,
    UnbindParticipantRequest,
    UpdateSessionRequest,
)
from activity_session.v1.state_pb2 import StateUpdate
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client
from activity_session_testing.steps import (
    AGENT,
    acquire_turn,
    append,
    expunge_session,
    failure_of,
    get_session,
    imported,
    list_events,
    members,
    new_memory,
    new_participant,
    new_session,
    read_state,
    refused,
    release_turn,
    replaced,
    update_state,
    waiting_for_turn,
)
from activity_session_testing.watches import Watching

EVENTS = 3
UID_CHARACTERS = 64


@dataclass(frozen=True)
class World:
    """A session that was expunged, with the turn that one of its members had, and the session that has its name now."""

    ada: str
    bob: str
    former: Session
    turn: TurnLease
    now: Session

    @property
    def name(self) -> str:
        return self.now.name


def fill(client: Client, session: str, reader: str) -> None:
    append(client, session, *(Event(event_id=str(number)) for number in range(EVENTS)))
    for number in range(EVENTS):
        update_state(client, session, put("plan", str(number)))
    client.sessions.MarkRead(MarkReadRequest(session=session, participant=reader, sequence=EVENTS))


def put(key: str, value_json: str = "1", **fields: Any) -> StateUpdate:
    return StateUpdate(key=key, value_json=value_json, **fields)


@pytest.fixture(scope="module")
def client(system: Client) -> Client:
    """One that may make every call."""
    return system


@pytest.fixture
def world(client: Client, namespace: str) -> World:
    ada, bob = (new_participant(client, namespace, name, participant_type=AGENT) for name in ("ada", "bob"))
    former = new_session(client, namespace, "chat", participants=members(ada, bob))
    fill(client, former.name, ada)
    new_memory(client, former.name, ada, "tea")
    turn = acquire_turn(client, former.name, ada)
    return World(ada, bob, former, turn, replaced(client, former, participants=members(ada, bob)))


def _new_memory(world: World) -> CreateMemoryRequest:
    memory = Memory(agent=world.ada, content="likes tea", memory_type=MemoryType.MEMORY_TYPE_OBSERVATION)
    return CreateMemoryRequest(parent=world.name, memory=memory)


# By RPC: a request about the session that would succeed, but for its uid.
REQUESTS: dict[str, Callable[[World], Message]] = {
    "AppendEvents": lambda w: AppendEventsRequest(parent=w.name, events=[Event()]),
    "SupersedeEvents": lambda w: SupersedeEventsRequest(parent=w.name, from_sequence=1, to_sequence=1),
    "PopEvents": lambda w: PopEventsRequest(parent=w.name),
    "RedactEvents": lambda w: RedactEventsRequest(parent=w.name, names=[f"{w.name}/events/first"]),
    "ImportEvents": lambda w: ImportEventsRequest(parent=w.name, events=[imported("late")]),
    "ListEvents": lambda w: ListEventsRequest(parent=w.name),
    "GetState": lambda w: GetStateRequest(name=w.name),
    "UpdateState": lambda w: UpdateStateRequest(name=w.name, updates=[put("key")]),
    "RewindSession": lambda w: RewindSessionRequest(name=w.name, expected_last_sequence=1),
    "ForkSession": lambda w: ForkSessionRequest(name=w.name),
    "BindParticipant": lambda w: BindParticipantRequest(session=w.name, participant=w.ada, role="guide"),
    "UnbindParticipant": lambda w: UnbindParticipantRequest(session=w.name, participant=w.ada),
    "MarkRead": lambda w: MarkReadRequest(session=w.name, participant=w.ada, sequence=1),
    "AcquireTurn": lambda w: AcquireTurnRequest(session=w.name, participant=w.ada),
    "RenewTurn": lambda w: RenewTurnRequest(session=w.name, token=w.turn.token),
    "ReleaseTurn": lambda w: ReleaseTurnRequest(session=w.name, token=w.turn.token),
    "CreateMemory": _new_memory,
    "BatchCreateMemories": lambda w: BatchCreateMemoriesRequest(parent=w.name, requests=[_new_memory(w)]),
}


def everything(client: Client, world: World) -> list[Message]:
    state = client.events.GetState(GetStateRequest(name=world.name))
    return [get_session(client, world.name), state, *list_events(client, world.name)]


class TestUid:
    def test_every_request_that_takes_one_has_a_case(self) -> None:
        takes_one = {name for name, rpc in RPCS.items() if "uid" in rpc.request_class.DESCRIPTOR.fields_by_name}
        assert takes_one - {"WatchSession"} == set(REQUESTS)

    @pytest.mark.parametrize("name", REQUESTS)
    def test_of_a_former_session_is_not_there(self, client: Client, world: World, name: str) -> None:
        before = everything(client, world)
        request: Any = REQUESTS[name](world)
        request.uid = world.former.uid
        refusal = refused(RPCS[name].on(client.channel), request, "SESSION_NOT_FOUND")
        assert refusal.info.metadata == {"resource": world.name, "uid": world.former.uid}
        assert world.former.uid in refusal.message
        assert everything(client, world) == before

    @pytest.mark.parametrize("name", sorted(set(REQUESTS) - {"RenewTurn", "ReleaseTurn"}))
    def test_of_the_session_changes_nothing(self, client: Client, world: World, name: str) -> None:
        append(client, world.name, Event(event_id="first"))
        request: Any = REQUESTS[name](world)
        request.uid = world.now.uid
        RPCS[name].on(client.channel)(request)

    def test_of_the_session_goes_with_its_turn(self, client: Client, world: World) -> None:
        turn = acquire_turn(client, world.name, world.bob)
        for request in (
            RenewTurnRequest(session=world.name, token=turn.token, uid=world.now.uid),
            ReleaseTurnRequest(session=world.name, token=turn.token, uid=world.now.uid),
        ):
            RPCS[type(request).__name__.removesuffix("Request")].on(client.channel)(request)

    def test_of_a_page_that_has_rows_is_compared_too(self, client: Client, world: World) -> None:
        fill(client, world.name, world.ada)
        for name in ("ListEvents", "GetState"):
            request: Any = REQUESTS[name](world)
            request.uid = world.former.uid
            refused(RPCS[name].on(client.channel), request, "SESSION_NOT_FOUND")

    @pytest.mark.parametrize("kind", ["NAMESPACE", "PARTICIPANT"])
    def test_of_another_owner_of_state_is_not_there(self, client: Client, world: World, kind: str) -> None:
        name = world.ada if kind == "PARTICIPANT" else world.ada.partition("/participants/")[0]
        for _ in range(2):
            for request in (
                GetStateRequest(name=name, uid=world.former.uid),
                UpdateStateRequest(name=name, updates=[put("key")], uid=world.former.uid),
            ):
                call = RPCS[type(request).__name__.removesuffix("Request")].on(client.channel)
                refused(call, request, f"{kind}_NOT_FOUND")
            update_state(client, name, put("key"))
        uid = client.participants.GetParticipant(GetParticipantRequest(name=world.ada)).uid
        assert set(read_state(client, world.ada, uid=uid)) == ({"key"} if kind == "PARTICIPANT" else set())

    def test_that_is_too_long_is_refused_with_its_limit(self, client: Client, world: World) -> None:
        request = ListEventsRequest(parent=world.name, uid="x" * (UID_CHARACTERS + 1))
        refusal = refused(client.events.ListEvents, request, "LIMIT_EXCEEDED", "uid")
        assert refusal.info.metadata["limit"] == str(UID_CHARACTERS)

    def test_is_of_the_batch_not_of_its_parts(self, client: Client, world: World) -> None:
        one = _new_memory(world)
        one.uid = world.now.uid
        request = BatchCreateMemoriesRequest(parent=world.name, requests=[one])
        refused(client.memories.BatchCreateMemories, request, "INVALID_FIELD", "requests[0].uid")


class TestTurns:
    def test_of_a_former_session_are_lost(self, client: Client, world: World) -> None:
        self._assert_lost(client, world)

    def test_of_a_former_session_leave_the_new_holder_alone(self, client: Client, world: World) -> None:
        turn = acquire_turn(client, world.name, world.bob)
        assert turn.token > world.turn.token
        self._assert_lost(client, world)
        assert get_session(client, world.name).turn == turn
        append(client, world.name, "mine", turn_token=turn.token)

    def test_of_a_former_session_stay_lost_after_turns_were_given_and_released(
        self, client: Client, world: World
    ) -> None:
        release_turn(client, acquire_turn(client, world.name, world.bob))
        self._assert_lost(client, world)

    def test_have_tokens_that_grow_from_one_session_to_the_next(self, client: Client, world: World) -> None:
        newest, session = world.turn.token, world.now
        for has_turn in (False, True, True, False, True):
            if has_turn:
                token = acquire_turn(client, session.name, world.ada).token
                assert token > newest
                newest = token
            session = replaced(client, session)

    def test_of_a_name_that_is_new_begin_at_one(self, client: Client, world: World, namespace: str) -> None:
        assert acquire_turn(client, new_session(client, namespace).name, world.ada).token == 1

    def test_that_are_waited_for_end_with_the_session(self, client: Client, world: World) -> None:
        acquire_turn(client, world.name, world.ada)
        waiting = waiting_for_turn(client, world.name, world.bob)
        # When a later call has waited in vain, this one waits.
        later = waiting_for_turn(client, world.name, world.bob, 0.3)
        assert failure_of(later).code is grpc.StatusCode.DEADLINE_EXCEEDED
        session = replaced(client, world.now)
        assert failure_of(waiting).reason in ("SESSION_DELETED", "SESSION_NOT_FOUND")
        assert not get_session(client, session.name).HasField("turn")

    @staticmethod
    def _assert_lost(client: Client, world: World) -> None:
        name, token = world.name, world.turn.token
        before = everything(client, world)
        append_it = AppendEventsRequest(parent=name, events=[Event(text="late")], turn_token=token)
        refused(client.events.AppendEvents, append_it, "TURN_LOST")
        refused(client.sessions.RenewTurn, RenewTurnRequest(session=name, token=token), "TURN_LOST")
        refused(client.sessions.ReleaseTurn, ReleaseTurnRequest(session=name, token=token), "TURN_LOST")
        assert everything(client, world) == before


class TestRevisions:
    def test_of_a_former_session_are_those_of_no_key(self, client: Client, world: World) -> None:
        for number in range(EVENTS):
            revision = update_state(client, world.name, put("plan", str(number))).entries["plan"].revision
            assert revision > EVENTS
        for old in range(1, EVENTS + 1):
            request = UpdateStateRequest(name=world.name, updates=[put("plan", "0", expected_revision=old)])
            refused(client.events.UpdateState, request, "REVISION_MISMATCH")
            appended = AppendEventsRequest(parent=world.name, events=[Event()], state_updates=request.updates)
            refused(client.events.AppendEvents, appended, "REVISION_MISMATCH")

    def test_grow_also_over_a_session_that_had_no_state(self, client: Client, world: World) -> None:
        session = replaced(client, replaced(client, world.now))
        assert update_state(client, session.name, put("plan")).entries["plan"].revision > EVENTS

    def test_of_a_key_that_is_not_there_are_zero(self, client: Client, world: World) -> None:
        update = put("plan", expected_revision=0)
        assert update_state(client, world.name, update).entries["plan"].revision > EVENTS

    @pytest.mark.usefixtures("world")
    def test_of_a_name_that_is_new_begin_at_one(self, client: Client, namespace: str) -> None:
        session = new_session(client, namespace).name
        assert update_state(client, session, put("plan")).entries["plan"].revision == 1


class TestEtags:
    def test_of_a_former_session_are_refused(self, client: Client, world: World) -> None:
        changed = Session(name=world.name, etag=world.former.etag, description="late")
        refused(client.sessions.UpdateSession, UpdateSessionRequest(session=changed), "ETAG_MISMATCH")
        request = DeleteSessionRequest(name=world.name, etag=world.former.etag)
        refused(client.sessions.DeleteSession, request, "ETAG_MISMATCH")

    def test_of_a_former_session_s_memory_are_refused(self, client: Client, world: World) -> None:
        former = new_memory(client, world.name, world.ada, "tea")
        new_memory(client, replaced(client, world.now).name, world.ada, "tea")
        changed = Memory(name=former.name, etag=former.etag, memo="late")
        refused(client.memories.UpdateMemory, UpdateMemoryRequest(memory=changed), "ETAG_MISMATCH")
        request = DeleteMemoryRequest(name=former.name, etag=former.etag)
        refused(client.memories.DeleteMemory, request, "ETAG_MISMATCH")


class TestReadMarks:
    def test_begin_anew_in_a_later_session(self, client: Client, world: World) -> None:
        fill(client, world.name, world.ada)
        session = replaced(client, world.now, participants=members(world.ada))
        bound = client.sessions.BindParticipant(BindParticipantRequest(session=session.name, participant=world.bob))
        marks = [member.last_read_sequence for member in get_session(client, session.name).participants]
        assert (bound.last_read_sequence, marks) == (0, [0, 0])


class TestWatches:
    def test_tell_the_uid_with_their_first_message_alone(self, client: Client, world: World) -> None:
        for after_sequence in (0, EVENTS):
            append(client, world.name, *(Event() for _ in range(EVENTS)))
            with Watching.of(client, world.name, after_sequence) as watch:
                watch.wait_for_start()
                append(client, world.name, "last")
                watch.wait(lambda seen: "last" in [event.text for event in seen.events])
                assert [message.uid for message in watch.messages] == [world.now.uid] + [""] * (len(watch.messages) - 1)

    def test_that_resume_by_the_uid_of_a_former_session_end(self, client: Client, world: World) -> None:
        fill(client, world.name, world.ada)
        for after_sequence in (0, EVENTS, EVENTS + 1):
            with Watching.of(client, world.name, after_sequence, uid=world.former.uid) as watch:
                failure = watch.wait_for_end()
            assert failure.reason == "SESSION_NOT_FOUND"
            assert failure.info.metadata["uid"] == world.former.uid
            assert watch.messages == []

    def test_that_resume_by_the_uid_of_the_session_go_on(self, client: Client, world: World) -> None:
        fill(client, world.name, world.ada)
        with Watching.of(client, world.name, EVENTS - 1, uid=world.now.uid) as watch:
            assert watch.wait_for_start().sequences == [EVENTS]

    def test_that_were_open_show_nothing_of_the_later_session(self, client: Client, world: World) -> None:
        with Watching.of(client, world.name) as watch:
            watch.wait_for_start()
            fill(client, replaced(client, world.now, participants=members(world.ada)).name, world.ada)
            assert watch.wait_for_end().reason in ("SESSION_DELETED", "SESSION_NOT_FOUND")
        assert (watch.events, {session.uid for session in watch.sessions}) == ([], {world.now.uid})

    def test_of_a_name_that_nobody_has_are_refused_as_before(self, client: Client, world: World) -> None:
        expunge_session(client, world.name)
        with Watching.of(client, world.name, uid=world.now.uid) as watch:
            assert watch.wait_for_end().reason == "SESSION_NOT_FOUND"
