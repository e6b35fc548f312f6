"""What a caller has missed, in as many bytes as an error can carry."""

from activity_session.v1.conflict_pb2 import Conflict

# What is worth looking at for a detail: whatever is larger than this fits into none.
MOST_BYTES = 3000
MOST_EVENTS = 20


def fitted(conflict: Conflict, most_bytes: int) -> Conflict:
    """As much of a conflict as fits: its numbers first, then the events without a gap, then the values."""
    fitting = Conflict(last_sequence=conflict.last_sequence)
    for state in conflict.state_conflicts:
        fitting.state_conflicts.add().CopyFrom(state)
        fitting.state_conflicts[-1].ClearField("value_json")
        if fitting.ByteSize() > most_bytes:
            del fitting.state_conflicts[-1]
            break
    for event in conflict.missed_events[:MOST_EVENTS]:
        fitting.missed_events.add().CopyFrom(event)
        if fitting.ByteSize() > most_bytes:
            del fitting.missed_events[-1]
            break
    for short, state in zip(fitting.state_conflicts, conflict.state_conflicts, strict=False):
        if state.HasField("value_json") and fitting.ByteSize() + len(state.value_json.encode()) + 4 <= most_bytes:
            short.value_json = state.value_json
    return fitting
