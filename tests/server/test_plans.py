"""How MariaDB finds a page far down a list: by a range of an index, not by reading all the rows before it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from activity_session.v1.participant_service_pb2 import ListParticipantsRequest
from activity_session.v1.session_service_pb2 import ListSessionsRequest
from activity_session_server.app import App
from activity_session_server.orm import ActivitySession, Participant
from activity_session_server.orm.base import prefixed_uuid, table_of
from activity_session_testing.backends import MariaDB
from activity_session_testing.moments import Send, engine_of, sending
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import make_namespace

ROWS, PAGE = 10_000, 1000
FIRST_TIME = datetime(2026, 1, 1)  # noqa: DTZ001 - columns hold UTC without a zone
LISTS = {
    "sessions": (ActivitySession, ListSessionsRequest, "ListSessions"),
    "participants": (Participant, ListParticipantsRequest, "ListParticipants"),
}


@pytest.fixture(scope="module")
def server(mariadb: MariaDB) -> Iterator[App]:
    """A server with long lists in one namespace, which has most of the rows."""
    with serving(mariadb.new_database(), health_interval=300.0) as server, connected(server.address) as client:
        namespace = make_namespace(client, "full").uid
        times = [FIRST_TIME + timedelta(seconds=number * 7919 % ROWS) for number in range(ROWS)]
        with engine_of(server).connect() as connection:
            for table, fields in ((ActivitySession, {"data": "x" * 2048}), (Participant, {"participant_type": "USER"})):
                shared: dict[str, Any] = {"namespace_pkid": namespace, **fields}
                rows = [
                    {
                        **shared,
                        "pkid": prefixed_uuid(table.__tablename__),
                        "name": f"n{number:06}",
                        "create_ts": time,
                        "update_ts": time,
                    }
                    for number, time in enumerate(times)
                ]
                connection.execute(insert(table_of(table)), rows)
        yield server


@pytest.fixture
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


def last_page(client: Client, resource: str, order: str) -> Any:
    """Return the request for the last page of a list."""
    _, request_of, method = LISTS[resource]
    request = request_of(parent="namespaces/full", order_by=order, page_size=PAGE)
    while token := getattr(getattr(client, resource), method)(request).next_page_token:
        request.page_token = token
    request.page_size = PAGE // 20
    return request


@pytest.mark.parametrize(
    "order", ["name", "name desc", "create_time", "create_time desc", "update_time", "update_time desc"]
)
@pytest.mark.parametrize("resource", LISTS)
def test_a_page_far_down_is_a_range_of_its_index(server: App, client: Client, resource: str, order: str) -> None:
    request = last_page(client, resource, order)
    sent: list[tuple[str, Any]] = []

    def tell(send: Send, statement: str, values: Any) -> Any:
        sent.append((statement, values))
        return send(statement, values)

    with sending(server, tell):
        getattr(getattr(client, resource), LISTS[resource][2])(request)
    (statement, values), *_ = sent
    with engine_of(server).connect() as connection:
        plan = connection.exec_driver_sql("EXPLAIN " + statement, tuple(values)).mappings().all()
    (found,) = [step for step in plan if step["table"] == table_of(LISTS[resource][0]).name]
    assert found["type"] == "range"
    assert int(found["rows"]) < ROWS / 2
