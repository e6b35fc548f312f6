"""A list that is read while events are replaced shows what was there, or what is there instead: never neither."""

from collections.abc import Callable

import pytest

from activity_session_testing.backends import FIXTURES
from activity_session_testing.moments import before
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import append, list_events, new_session, pop, supersede


@pytest.mark.parametrize("order", ["sequence", "sequence desc"])
@pytest.mark.parametrize("backend", sorted(FIXTURES))
def test_a_replacement_between_two_statements_is_seen_whole(
    new_database: Callable[[str], str], backend: str, order: str
) -> None:
    with serving(new_database(backend)) as server, connected(server.address) as client:
        session = new_session(client, "namespaces/default").name
        append(client, session, *"abcde")
        supersede(client, session, 1, 2)
        # The head of the session has been read then.
        with before(server, "SELECT hidden_range", lambda: supersede(client, session, 3, 5, "sum")) as times:
            shown = [event.text for event in list_events(client, session, order_by=order)]
        assert times.count
        assert shown == ["sum"]
        assert [event.text for event in pop(client, session)] == ["sum"]
