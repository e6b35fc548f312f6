"""The rule of a Conflict: as much as fits, and never anything misleading."""

from hypothesis import given
from hypothesis import strategies as st

from activity_session.v1.conflict_pb2 import Conflict, StateConflict
from activity_session.v1.event_pb2 import Event
from activity_session_server.rules import conflicts

EVENTS = st.builds(Event, sequence=st.integers(1, 2**40), text=st.text(max_size=300), author=st.text(max_size=50))
STATES = st.builds(
    StateConflict,
    name=st.text(max_size=100),
    key=st.text(max_size=100),
    revision=st.integers(0, 2**40),
    value_json=st.none() | st.text(max_size=400),
)
CONFLICTS = st.builds(
    Conflict,
    last_sequence=st.integers(0, 2**40),
    missed_events=st.lists(EVENTS, max_size=30),
    state_conflicts=st.lists(STATES, max_size=30),
)
ROOM = st.integers(20, 4000)


def without_value(state: StateConflict) -> StateConflict:
    short = StateConflict()
    short.CopyFrom(state)
    short.ClearField("value_json")
    return short


@given(CONFLICTS, ROOM)
def test_it_fits_and_tells_the_last_number(conflict: Conflict, room: int) -> None:
    fitting = conflicts.fitted(conflict, room)
    assert fitting.ByteSize() <= room
    assert fitting.last_sequence == conflict.last_sequence


@given(CONFLICTS, ROOM)
def test_the_events_are_the_first_ones_without_a_gap(conflict: Conflict, room: int) -> None:
    fitting = conflicts.fitted(conflict, room)
    assert len(fitting.missed_events) <= 20
    assert list(fitting.missed_events) == list(conflict.missed_events[: len(fitting.missed_events)])


@given(CONFLICTS, ROOM)
def test_the_keys_are_the_first_ones_with_their_own_values_or_none(conflict: Conflict, room: int) -> None:
    fitting = conflicts.fitted(conflict, room)
    for short, state in zip(fitting.state_conflicts, conflict.state_conflicts, strict=False):
        assert without_value(short) == without_value(state)
        assert not short.HasField("value_json") or short.value_json == state.value_json


@given(CONFLICTS)
def test_what_is_small_enough_arrives_whole(conflict: Conflict) -> None:
    del conflict.missed_events[20:]
    # Four bytes more for each value: the rule may overestimate its size.
    room = conflict.ByteSize() + 4 * len(conflict.state_conflicts)
    assert conflicts.fitted(conflict, room) == conflict
