"""A chat on two servers, as those see it who run them: what Prometheus scrapes, and what a collector of traces gets."""

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from activity_session_demo.chat import Chatter, Schedule
from activity_session_demo.connection import Connection, Tally
from activity_session_demo.transcript import Line, nicks, read_transcript
from activity_session_server.metrics import definitions
from activity_session_server.store import schema
from activity_session_testing.backends import FIXTURES, SQLITE_FILE
from activity_session_testing.collectors import Collector, collecting
from activity_session_testing.moments import eventually
from activity_session_testing.processes import ServerProcess, serving_process
from activity_session_testing.scrapes import Scrape
from activity_session_testing.servers import connected
from activity_session_testing.steps import list_events, new_session

# Of the demo, unless a variable names another one.
TRANSCRIPT = os.environ.get("TRANSCRIPT") or str(Path(__file__).parents[2] / "demo/transcript.txt")
NAMESPACE = "namespaces/default"
THREADS = 8
CALLS = {"grpc_service": "activity_session.v1.EventService", "grpc_method": "AppendEvents"}


@contextmanager
def two_servers(url: str, folder: Path, collector: Collector) -> Iterator[list[ServerProcess]]:
    if not url.startswith("sqlite"):
        schema.migrate_url(url)
    flags = ("--database-url", url, "--admin-address", "127.0.0.1:0", "--log-format", "json")
    with ExitStack() as stack:
        yield [
            stack.enter_context(serving_process(folder / f"log{number}", *flags, **collector.environment))
            for number in range(2)
        ]


def replay(lines: list[Line], addresses: list[str], session: str) -> None:
    """Have each nick say its lines, each by one of the servers."""
    with ExitStack() as stack, ThreadPoolExecutor(THREADS) as pool:
        connections = [stack.enter_context(Connection(address, Tally())) for address in addresses]
        chatters = {
            nick: Chatter(connection, NAMESPACE, session, nick)
            for nick, connection in zip(["", *nicks(lines)], itertools.cycle(connections))
        }
        schedule = Schedule(lines)
        speaking = [pool.submit(schedule.run, lambda line: chatters[line.nick].say(line)) for _ in range(THREADS)]
        for thread in speaking:
            thread.result()


def scraped(server: ServerProcess) -> Scrape:
    (address,) = [line["address"] for line in server.log_lines() if line["message"] == "metrics and probes"]
    return Scrape(str(address))


def without_calls(servers: Sequence[ServerProcess]) -> list[Scrape]:
    """What servers tell while no call is in flight, as the last may be for a moment after its response; or nothing."""
    scrapes = [scraped(server) for server in servers]
    return [] if any(scrape.value(definitions.IN_FLIGHT) for scrape in scrapes) else scrapes


@pytest.mark.parametrize("backend", [SQLITE_FILE, *FIXTURES])
def test_all_calls_of_a_chat_on_two_servers_are_counted_and_traced(
    backend: str, new_database: Callable[[str], str], tmp_path: Path
) -> None:
    lines = list(read_transcript(Path(TRANSCRIPT)))
    with collecting() as collector, two_servers(new_database(backend), tmp_path, collector) as servers:
        with connected(servers[0].address) as client:
            session = new_session(client, NAMESPACE).name
            replay(lines, [server.address for server in servers], session)
            assert Counter(event.text for event in list_events(client, session, page_size=1000)) == Counter(
                line.text for line in lines
            )
        scrapes = eventually(lambda: without_calls(servers))
        appended = [int(scrape.value(definitions.CALLS, **CALLS, grpc_code="OK")) for scrape in scrapes]
        assert all(appended)
        assert sum(appended) == len(lines)
        name = f"{CALLS['grpc_service']}/{CALLS['grpc_method']}"
        eventually(lambda: len(collector.spans(name)) == len(lines))
        traces = {span.trace_id for span in collector.spans(name)}
        assert len(traces) == len(lines)
        assert {span.trace_id for span in collector.spans("COMMIT")} >= traces
