"""How a page far down a list is found: by a range of an index, not by reading or sorting all the rows before it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from activity_session.v1.event_service_pb2 import BatchGetEventsRequest, GetStateRequest, ListEventsRequest
from activity_session.v1.memory_service_pb2 import ListMemoriesRequest
from activity_session.v1.participant_service_pb2 import ListParticipantsRequest
from activity_session.v1.session_pb2 import SessionView
from activity_session.v1.session_service_pb2 import ListSessionsRequest
from activity_session_server.app import App
from activity_session_server.orm import ActivitySession, Event, Memory, Participant, PastState, State
from activity_session_server.orm.base import Base, prefixed_uuid, table_of
from activity_session_testing.backends import FIXTURES, POSTGRESQL
from activity_session_testing.moments import Send, engine_of, sending
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import AGENT, make_namespace, make_participant, new_session

ROWS, PAGE = 10_000, 1000
# Columns hold UTC without a zone.
FIRST_TIME, LATER = datetime(2026, 1, 1), datetime(9999, 1, 1)  # noqa: DTZ001
ORDERS = ["name", "name desc", "create_time", "create_time desc", "update_time", "update_time desc"]
PARENT, SESSION = "namespaces/full", "namespaces/full/sessions/full"
# The table that is read, and the request for a page in an order.
LISTS: dict[str, tuple[type[Base], Any]] = {
    **{f"sessions.ListSessions {by}": (ActivitySession, ListSessionsRequest(order_by=by)) for by in ORDERS},
    **{
        f"sessions.ListSessions {by} {view}": (
            ActivitySession,
            ListSessionsRequest(order_by=by, view=SessionView.Value(f"SESSION_VIEW_{view}")),
        )
        for by in ("last_event_time", "last_event_time desc")
        for view in ("BASIC", "PREVIEW")
    },
    **{f"participants.ListParticipants {by}": (Participant, ListParticipantsRequest(order_by=by)) for by in ORDERS},
    "events.ListEvents sequence": (Event, ListEventsRequest(parent=SESSION)),
    "events.ListEvents sequence desc": (Event, ListEventsRequest(parent=SESSION, order_by="sequence desc")),
    "events.GetState key": (State, GetStateRequest(name=SESSION)),
    "events.GetState key of then": (State, GetStateRequest(name=SESSION, at_sequence=0)),
    "memories.ListMemories name": (Memory, ListMemoriesRequest(parent=SESSION)),
    "memories.ListMemories create_time desc": (
        Memory,
        ListMemoriesRequest(parent=f"{PARENT}/sessions/-", order_by="create_time desc"),
    ),
}


@pytest.fixture(scope="module", params=[*FIXTURES])
def server(request: pytest.FixtureRequest) -> Iterator[App]:
    """A server with long lists in one namespace, which has most of the rows."""
    database = request.getfixturevalue(FIXTURES[request.param])
    with serving(database.new_database(), health_interval=300.0) as server, connected(server.address) as client:
        with counting_rows(server):
            write_rows(server, client)
        yield server


def write_rows(server: App, client: Client) -> None:
    owner = {"namespace_pkid": make_namespace(client, "full").uid}
    session = {"activity_session_pkid": new_session(client, PARENT, "full").uid}
    agent = make_participant(client, PARENT, participant_type=AGENT).uid
    with engine_of(server).connect() as connection:
        times = [FIRST_TIME + timedelta(seconds=number * 7919 % ROWS) for number in range(ROWS)]

        def sessions(**fields: Any) -> list[dict[str, Any]]:
            rows = resources(ActivitySession, **fields)
            return [{**row, "last_event_ts": row["create_ts"]} for row in rows]

        def resources(of: type[Base], **fields: Any) -> list[dict[str, Any]]:
            return [
                {
                    "pkid": prefixed_uuid(of.__tablename__),
                    "name": f"n{number:06}",
                    "create_ts": time,
                    "update_ts": time,
                    **owner,
                    **fields,
                }
                for number, time in enumerate(times)
            ]

        written: dict[type[Base], list[dict[str, Any]]] = {
            ActivitySession: sessions(data="x" * 2048),
            Participant: resources(Participant, participant_type="USER"),
            Memory: resources(Memory, **session, agent_pkid=agent, memory_type="OBSERVATION", content="x" * 100),
            Event: [
                {**session, "sequence": number, "event_id": f"e{number}", "create_ts": time, "message": b"x" * 100}
                for number, time in enumerate(times, 1)
            ],
            **state_rows(session["activity_session_pkid"]),
        }
        for of, rows in written.items():
            connection.execute(insert(table_of(of)), rows)
        swept = {"namespace_pkid": make_namespace(client, "swept").uid, "deleted": True, "delete_ts": FIRST_TIME}
        times_of_swept = {"expire_ts": FIRST_TIME, "purge_ts": LATER}
        connection.execute(insert(table_of(ActivitySession)), sessions(**swept, **times_of_swept))


def state_rows(owner_uid: str) -> dict[type[Base], list[dict[str, Any]]]:
    """The keys of a session, each of which has changed once, at the first event."""
    keys = [{"owner_pkid": owner_uid, "key": f"k{number:06}"} for number in range(ROWS)]
    now = {"value_json": "1", "update_ts": FIRST_TIME, "revision": 2, "sequence": 1, "noted_revision": 2}
    then = {"value_json": "0", "revision": 1, "sequence": 0, "until_sequence": 1, "replace_ts": LATER}
    return {State: [{**key, **now} for key in keys], PastState: [{**key, **then} for key in keys]}


@contextmanager
def counting_rows(server: App) -> Iterator[None]:
    """Have the database count its rows at the end: its own upkeep would do so later, in the middle of a plan.

    MariaDB reads all of an index for that, and not some pages by chance, of which seldom a plan is made that none of
    the others is like.
    """
    tables = [table.name for table in Base.metadata.sorted_tables]
    with engine_of(server).connect() as connection:
        is_postgresql = server.store.engine.dialect.name == POSTGRESQL
        for table in () if is_postgresql else tables:
            connection.exec_driver_sql(f"ALTER TABLE {table} STATS_AUTO_RECALC = 0, STATS_SAMPLE_PAGES = 65535")
        yield
        connection.exec_driver_sql(f"{'ANALYZE' if is_postgresql else 'ANALYZE TABLE'} {', '.join(tables)}")


@pytest.fixture
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


@pytest.mark.parametrize("name", LISTS)
def test_a_page_far_down_is_a_range_of_its_index(server: App, client: Client, name: str) -> None:
    table, asked = LISTS[name]
    service, _, method = name.partition(" ")[0].partition(".")
    call = getattr(getattr(client, service), method)
    request = last_page(call, asked)
    sent = sent_meanwhile(server, lambda: call(request))
    (statement, values) = next((sql, values) for sql, values in sent if "LIMIT" in sql)
    assert rows_of(server, statement, values, table) < ROWS / 2


def test_events_that_are_named_are_found_by_their_index(server: App, client: Client) -> None:
    names = [f"{SESSION}/events/e{number}" for number in range(1, ROWS, ROWS // 100)]
    request = BatchGetEventsRequest(parent=SESSION, names=names)
    ((statement, values),) = sent_meanwhile(server, lambda: client.events.BatchGetEvents(request))
    assert rows_of(server, statement, values, Event) == len(names)


def test_the_sweep_does_not_meet_those_that_it_has_deleted_before(server: App) -> None:
    sent = sent_meanwhile(server, server.upkeep.sweep)
    ((statement, values),) = [one for one in sent if "LIMIT" in one[0] and "activity_session.expire_ts <=" in one[0]]
    assert rows_of(server, statement, values, ActivitySession) < ROWS / 100


def test_the_sweep_reads_no_former_values_that_are_kept(server: App) -> None:
    sent = sent_meanwhile(server, server.upkeep.sweep)
    ((statement, values),) = [one for one in sent if one[0].startswith("SELECT past_state")]
    if server.store.engine.dialect.name != POSTGRESQL:  # which sorts the few that are due
        assert rows_of(server, statement, values, PastState) < ROWS / 100


def sent_meanwhile(server: App, act: Callable[[], object]) -> list[tuple[str, Any]]:
    """Return the statements that are sent while a function runs, with their values."""
    sent: list[tuple[str, Any]] = []

    def tell(send: Send, statement: str, values: Any = ()) -> Any:
        sent.append((statement, values))
        return send(statement, values)

    with sending(server, tell):
        act()
    return sent


def rows_of(server: App, statement: str, values: Any, of: type[Base]) -> int:
    """Return how many rows of a table the database reads by the one range of an index."""
    steps_of = steps_of_postgresql if server.store.engine.dialect.name == POSTGRESQL else steps_of_mariadb
    (rows,) = steps_of(server, statement, values, table_of(of).name)
    return rows


def last_page(call: Any, asked: Any) -> Any:
    """Return the request for the last page of a list."""
    request = type(asked)()
    request.CopyFrom(asked)
    if hasattr(request, "parent") and not request.parent:
        request.parent = PARENT
    request.page_size = PAGE
    while token := call(request).next_page_token:
        request.page_token = token
    request.page_size = PAGE // 20
    return request


def steps_of_mariadb(server: App, statement: str, values: Any, table: str) -> list[int]:
    """Return how many rows each range that is read of a table is expected to have."""
    with engine_of(server).connect() as connection:
        plan = connection.exec_driver_sql("EXPLAIN " + statement, tuple(values)).mappings().all()
    return [int(step["rows"]) for step in plan if (step["table"], step["type"]) == (table, "range")]


def steps_of_postgresql(server: App, statement: str, values: Any, table: str) -> list[int]:
    """The same with the rows that it has; only equal rows may be sorted, since all would be read for that."""
    with engine_of(server).connect() as connection:
        (plan,) = connection.exec_driver_sql("EXPLAIN (ANALYZE, FORMAT JSON) " + statement, tuple(values)).scalar_one()
    nodes = list(all_nodes(plan["Plan"]))
    # The ranges that a session inherits are sorted where the database knows that their table is empty.
    sorts = [node for node in nodes if node["Node Type"] == "Sort"]
    assert not [sort for sort in sorts for node in all_nodes(sort) if reads(node, table)], json.dumps(plan, indent=1)
    of_index = [node for node in nodes if "Index Cond" in node and reads(node, table)]
    return [node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in of_index]


def reads(node: dict[str, Any], table: str) -> bool:
    """Return whether a node of a plan reads rows of a table itself."""
    return node.get("Relation Name") == table


def all_nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for under in node.get("Plans", []):
        yield from all_nodes(under)
