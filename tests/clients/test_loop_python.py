"""How a block ends that holds a turn in Python: by itself, by an error, by a cancellation, by the loss of the turn."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import grpc
import pytest

import activity_session
from activity_session import aio, errors
from activity_session_testing.servers import Client
from activity_session_testing.steps import acquire_turn, get_session, members, new_participant, new_session

PARENT = "namespaces/default"
SHORT, LONG = 0.6, 60.0


@pytest.fixture(scope="module")
def planner(stubs: Client) -> str:
    return new_participant(stubs, PARENT)


@pytest.fixture
def session(stubs: Client, planner: str) -> str:
    return new_session(stubs, PARENT, participants=members(planner)).name


@pytest.fixture
def channel(address: str) -> Iterator[grpc.Channel]:
    with activity_session.connect(address) as channel:
        yield channel


def is_free(stubs: Client, session: str) -> bool:
    return not get_session(stubs, session).HasField("turn")


class TestWithoutAsyncio:
    def test_the_error_of_the_block_is_raised_and_the_turn_handed_back(
        self, channel: grpc.Channel, stubs: Client, session: str, planner: str
    ) -> None:
        with pytest.raises(KeyError), activity_session.turn(channel, session, planner, LONG):
            raise KeyError
        assert is_free(stubs, session)

    def test_a_block_that_ends_well_after_a_loss_raises_it(
        self, channel: grpc.Channel, stubs: Client, session: str, planner: str
    ) -> None:
        with pytest.raises(errors.TurnLost), activity_session.turn(channel, session, planner, SHORT) as turn:  # noqa: PT012
            acquire_turn(stubs, session, planner)
            assert turn.lost.wait(10)
            with pytest.raises(errors.TurnLost):
                turn.append_text("late")

    def test_so_does_one_that_ends_before_the_loss_is_known(
        self, channel: grpc.Channel, stubs: Client, session: str, planner: str
    ) -> None:
        with pytest.raises(errors.TurnLost), activity_session.turn(channel, session, planner, LONG):
            acquire_turn(stubs, session, planner)

    def test_the_error_of_the_block_is_not_hidden_by_the_loss(
        self, channel: grpc.Channel, stubs: Client, session: str, planner: str
    ) -> None:
        with pytest.raises(KeyError), activity_session.turn(channel, session, planner, LONG):  # noqa: PT012
            acquire_turn(stubs, session, planner)
            raise KeyError

    def test_a_channel_for_asyncio_is_refused(self, address: str, session: str) -> None:
        async def append() -> None:
            async with aio.connect(address) as channel:
                activity_session.append_text(channel, session, "", "no")  # type: ignore[arg-type]

        with pytest.raises(TypeError, match="asyncio"):
            asyncio.run(append())

    def test_a_loop_that_is_closed_ends_and_marks_no_more(
        self, channel: grpc.Channel, stubs: Client, session: str, planner: str
    ) -> None:
        activity_session.append_text(channel, session, planner, "one")
        with activity_session.follow(channel, session, planner) as events:
            assert next(events).text == "one"
        assert list(events) == []
        assert get_session(stubs, session).participants[0].last_read_sequence == 0


class TestWithAsyncio:
    @pytest.fixture
    def held(
        self, address: str, session: str, planner: str
    ) -> Callable[[float, Callable[[aio.Turn], Awaitable[None]]], None]:
        """Runs a block in a turn."""

        async def hold(ttl: float, block: Callable[[aio.Turn], Awaitable[None]]) -> None:
            async with aio.connect(address) as channel, aio.turn(channel, session, planner, ttl) as turn:
                await block(turn)

        return lambda ttl, block: asyncio.run(hold(ttl, block))

    def test_the_block_is_cancelled_by_the_loss(
        self, held: Callable[..., None], stubs: Client, session: str, planner: str
    ) -> None:
        async def block(turn: aio.Turn) -> None:
            await asyncio.to_thread(acquire_turn, stubs, session, planner)
            try:
                await asyncio.Event().wait()
            finally:
                assert turn.lost.is_set()

        with pytest.raises(errors.TurnLost):
            held(SHORT, block)

    def test_a_cancellation_from_outside_hands_it_back(
        self, held: Callable[..., None], stubs: Client, session: str
    ) -> None:
        async def block(_: aio.Turn) -> None:
            async with asyncio.timeout(0):
                await asyncio.Event().wait()

        with pytest.raises(TimeoutError):
            held(LONG, block)
        assert is_free(stubs, session)

    def test_the_task_of_the_block_can_be_cancelled_twice(
        self, address: str, stubs: Client, session: str, planner: str
    ) -> None:
        async def hold(taken: asyncio.Event) -> None:
            async with aio.connect(address) as channel, aio.turn(channel, session, planner, LONG):
                taken.set()
                await asyncio.Event().wait()

        async def cancel_twice() -> None:
            taken = asyncio.Event()
            task = asyncio.create_task(hold(taken))
            await taken.wait()
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert is_free(stubs, session)

        asyncio.run(cancel_twice())

    def test_an_error_of_the_block_is_raised(self, held: Callable[..., None], stubs: Client, session: str) -> None:
        async def block(_: aio.Turn) -> None:
            raise KeyError

        with pytest.raises(KeyError):
            held(LONG, block)
        assert is_free(stubs, session)
