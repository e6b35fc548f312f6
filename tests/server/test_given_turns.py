"""A turn is for a client that can have it: one that goes as it is given gives it back, one that gets it keeps it."""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import pytest

from activity_session.v1.session_service_pb2 import AcquireTurnRequest
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_server.app import App
from activity_session_server.rules.calls import Call
from activity_session_testing.backends import BACKENDS, FIXTURES, SQLITE_FILE
from activity_session_testing.moments import before, eventually
from activity_session_testing.servers import Client, connected, serving, unique
from activity_session_testing.steps import acquire_turn, append, get_session, new_participant, new_session, release_turn

PARENT = "namespaces/default"
# Nobody waits for the end of such a turn.
LONG = 3600
# How long a turn that is given back may be away, on a loaded machine.
SOON = 2.0
ROUNDS = 30
# How many seconds after the turn has become free clients go at the latest: some go before it is given to them, some
# meanwhile, some afterwards.
ROUND = 0.02
# How the statement begins that gives a turn.
GIVING = "UPDATE activity_session SET turn_holder"

with_and_without_request_id = pytest.mark.parametrize("has_request_id", [True, False])


@pytest.fixture(scope="module", params=BACKENDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    url = "sqlite:///:memory:"
    if request.param in FIXTURES:
        url = request.getfixturevalue(FIXTURES[request.param]).new_database()
    elif request.param == SQLITE_FILE:
        url = f"sqlite:///{tmp_path_factory.mktemp('turns') / 'test.db'}"
    with serving(url) as server:
        yield server


class Scene:
    """A session whose turn alice has had, and bob may ask for."""

    def __init__(self, server: App, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        self.server, self.client, self._caplog = server, client, caplog
        self.alice, self.bob = (new_participant(client, PARENT) for _ in range(2))
        self.session = new_session(client, PARENT).name
        self.first = acquire_turn(client, self.session, self.alice)

    def release(self) -> None:
        release_turn(self.client, self.first)

    def take_back(self) -> int:
        """Let alice have the turn again as soon as it is free, and return its token."""
        return acquire_turn(self.client, self.session, self.alice, wait=True).token

    def wait_for(self, asking: "Asking") -> None:
        """Wait until a call stands in the queue."""
        eventually(lambda: asking.call_id in self._waiting())

    def logged_code(self, call_id: str) -> str:
        """Return how a call has ended for the server, once it has."""
        return eventually(lambda: self._find_code(call_id))

    @contextmanager
    def asking(self, *, has_request_id: bool) -> "Iterator[Asking]":
        """Let bob ask for the turn; in the end he disconnects."""
        with connected(self.server.address) as client:
            yield Asking(client, self.request(has_request_id=has_request_id))

    def request(self, *, has_request_id: bool) -> AcquireTurnRequest:
        """Return what bob asks with."""
        request = AcquireTurnRequest(session=self.session, participant=self.bob, wait=True)
        request.ttl.seconds = LONG
        request.request_id = unique("request") if has_request_id else ""
        return request

    def _waiting(self) -> set[str]:
        queues = tuple(self.server.live.turn_queues._queues.values())  # noqa: SLF001
        return {waiter.call.call_id for queue in queues for waiter in tuple(queue.waiters)}

    def _find_code(self, call_id: str) -> str:
        lines = [getattr(record, "fields", {}) for record in tuple(self._caplog.records)]
        return next((str(line["code"]) for line in lines if line.get("call_id") == call_id), "")


class Asking:
    """A call that asks for a turn and waits for it, on a connection of its own."""

    def __init__(self, client: Client, request: AcquireTurnRequest) -> None:
        self.call_id = unique("call")
        self._client = client
        metadata = (("x-call-id", self.call_id),)
        self.call: Any = client.sessions.AcquireTurn.future(request, timeout=20, metadata=metadata)

    def cancel(self) -> None:
        self.call.cancel()

    def disconnect(self) -> None:
        self._client.channel.close()


@pytest.fixture
def new_scene(server: App, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], Scene]]:
    caplog.set_level(logging.INFO)
    with connected(server.address) as client:
        yield lambda: Scene(server, client, caplog)


@pytest.mark.parametrize("go", [Asking.cancel, Asking.disconnect])
@pytest.mark.parametrize("waits", [True, False])
@with_and_without_request_id
def test_a_client_that_goes_while_it_is_given_the_turn_gives_it_back(
    new_scene: Callable[[], Scene], go: Callable[[Asking], None], *, waits: bool, has_request_id: bool
) -> None:
    scene, asked = new_scene(), SimpleQueue[Asking]()

    def leave() -> None:
        asking = asked.get()
        go(asking)
        assert scene.logged_code(asking.call_id) == "CANCELLED"

    if not waits:
        scene.release()
    with (
        before(scene.server, GIVING, leave) as times,
        scene.asking(has_request_id=has_request_id) as asking,
    ):
        if waits:
            scene.wait_for(asking)
            scene.release()
        asked.put(asking)
        eventually(lambda: times.count and asking.call.done())
    assert scene.take_back() == scene.first.token + 2


@with_and_without_request_id
def test_whenever_a_client_goes_the_turn_is_its_own_or_soon_free(
    new_scene: Callable[[], Scene], *, has_request_id: bool
) -> None:
    moments = random.Random(7)
    for _ in range(ROUNDS):
        scene = new_scene()
        with scene.asking(has_request_id=has_request_id) as asking:
            scene.wait_for(asking)
            releasing = threading.Thread(target=scene.release)
            releasing.start()
            time.sleep(moments.uniform(0, ROUND))
            asking.cancel()
            releasing.join()
            code = scene.logged_code(asking.call_id)
        if code == "OK":
            # The end of the call was on the way before the client went.
            assert get_session(scene.client, scene.session).turn.holder == scene.bob
        else:
            gone = time.monotonic()
            scene.take_back()
            assert time.monotonic() - gone < SOON


@with_and_without_request_id
def test_a_client_that_gets_the_turn_keeps_it_when_it_goes(
    new_scene: Callable[[], Scene], *, has_request_id: bool
) -> None:
    scene = new_scene()
    scene.release()
    with scene.asking(has_request_id=has_request_id) as asking:
        lease = asking.call.result()
    assert get_session(scene.client, scene.session).turn == lease


@with_and_without_request_id
def test_a_client_that_asks_again_keeps_what_it_gets(
    new_scene: Callable[[], Scene], monkeypatch: pytest.MonkeyPatch, *, has_request_id: bool
) -> None:
    """Its second call comes when the first one is over for the server, and the turn not given back yet."""
    scene = new_scene()
    scene.release()
    queues = scene.server.live.turn_queues
    hand_back, again = queues._hand_back, SimpleQueue[TurnLease]()  # noqa: SLF001

    def ask_again(call: Call, request: AcquireTurnRequest, lease: TurnLease) -> None:
        given = scene.client.sessions.AcquireTurn(request)
        hand_back(call, request, lease)
        again.put(given)

    monkeypatch.setattr(queues, "_hand_back", ask_again)
    asked = SimpleQueue[Asking]()

    def leave() -> None:
        asking = asked.get()
        asking.cancel()
        assert scene.logged_code(asking.call_id) == "CANCELLED"

    with before(scene.server, GIVING, leave), scene.asking(has_request_id=has_request_id) as asking:
        asked.put(asking)
        lease = again.get(timeout=20)
        # With a request id it is the same turn, otherwise a new one.
        assert lease.token == scene.first.token + (1 if has_request_id else 2)
        assert get_session(scene.client, scene.session).turn == lease
        assert append(scene.client, scene.session, "mine", turn_token=lease.token).last_sequence == 1
