"""What a call costs the server, compared with its floors: an empty call, and one that only runs the same statements.

Ours, the empty floor and the floor of the call are loaded in turn, so that whatever else the machine does affects all
of them equally; figures are medians of the rounds. The servers run on one core, ghz and the database on another. The
statements of a call are recorded in this process just before it is measured.
"""

import argparse
import itertools
import json
import os
import pickle
import statistics
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any, NamedTuple

from activity_session.v1.state_pb2 import StateScope, StateUpdate
from activity_session_benchmarks.figures import CLIENT_CORE
from activity_session_benchmarks.loads import Load, Server, load, require_ghz, serving
from activity_session_benchmarks.measure import DATABASES, databases
from activity_session_benchmarks.places import place
from activity_session_benchmarks.recordings import Recording, recording, repeatable
from activity_session_server.store import schema
from activity_session_testing.processes import COMMAND
from activity_session_testing.servers import connected
from activity_session_testing.steps import append, members, new_participant, new_session

FLOOR = (sys.executable, "-m", "activity_session_benchmarks.floor")
CONCURRENCY, MOST_CONNECTIONS = (1, 8, 64), 8
SESSIONS, EVENTS, KEYS = 64, 50, 10
DATA, TEXT = "x" * 2048, "x" * 100
NAMESPACE = "namespaces/default"
AUTHOR, OTHER = f"{NAMESPACE}/participants/ada", f"{NAMESPACE}/participants/planner"
ONE_SESSION = f"{NAMESPACE}/sessions/session-0"
# ghz fills these in, the first two from the number of the call.
NUMBER, NUMBER_OF_SESSION, NEW_ID = "{{.RequestNumber}}", f"{{{{mod .RequestNumber {SESSIONS}}}}}", "{{newUUID}}"
SOME_SESSION = f"{NAMESPACE}/sessions/session-{NUMBER_OF_SESSION}"
NEXT_SESSION = f"{NAMESPACE}/sessions/turn-{NUMBER}"


class Step(NamedTuple):
    """One RPC of a call. It is named after the method, and after how many events it writes if that differs."""

    service: str
    name: str
    request: dict[str, Any]

    @property
    def method(self) -> str:
        return f"{self.service}/{self.name.split()[0]}"

    def request_of(self, number: int) -> dict[str, Any]:
        """Return the request of a call by its number, filled in as by ghz, in ProtoJSON."""
        texts = {NUMBER: number, NUMBER_OF_SESSION: number % SESSIONS, NEW_ID: uuid.uuid4()}
        text = json.dumps(self.request)
        for template, value in texts.items():
            text = text.replace(template, str(value))
        request: dict[str, Any] = json.loads(text)
        return request | ({"updateMask": ",".join(request["updateMask"]["paths"])} if "updateMask" in request else {})


SESSION = {"data": DATA, "participants": [{"participant": AUTHOR}, {"participant": OTHER}]}
EVENT = {"type": "message", "text": TEXT, "author": AUTHOR}
# Data that has not changed would not be written.
CHANGE = {"name": SOME_SESSION, "data": NEW_ID + DATA}
# ghz does not know the form of a field mask in ProtoJSON.
MASK = {"paths": ["data"]}
PAGE = {"parent": NAMESPACE, "pageSize": 50, "view": "SESSION_VIEW_BASIC"}
SINGLE = (
    Step("SessionService", "GetSession", {"name": ONE_SESSION}),
    Step("SessionService", "CreateSession", {"parent": NAMESPACE, "session": SESSION}),
    Step("SessionService", "EnsureSession", {"parent": NAMESPACE, "sessionId": "session-0", "session": SESSION}),
    Step("SessionService", "UpdateSession", {"session": CHANGE, "updateMask": MASK}),
    Step("EventService", "AppendEvents of 1", {"parent": SOME_SESSION, "events": [EVENT]}),
    Step("EventService", "AppendEvents of 10", {"parent": SOME_SESSION, "events": [EVENT] * 10}),
    Step("EventService", "ListEvents", {"parent": ONE_SESSION, "pageSize": EVENTS}),
    Step("SessionService", "ListSessions", PAGE),
    Step("EventService", "GetState", {"name": ONE_SESSION}),
)
TURN = "AcquireTurn + ReleaseTurn"
CALLS = [*(step.name for step in SINGLE), TURN]


def steps_of(call: str, number: int) -> list[Step]:
    """Return the steps of a call in a round. Each session's turn is taken once a round: so its token is `number`."""
    if call != TURN:
        return [step for step in SINGLE if step.name == call]
    return [
        Step("SessionService", "AcquireTurn", {"session": NEXT_SESSION, "participant": AUTHOR}),
        Step("SessionService", "ReleaseTurn", {"session": NEXT_SESSION, "token": number}),
    ]


class Effort(NamedTuple):
    """How many calls a load has, and how many rounds count."""

    calls: int
    rounds: int


QUICK, FULL = Effort(150, 2), Effort(1000, 3)


class Figure(NamedTuple):
    """The microseconds of CPU time that a call costs our server and its floors; and calls per second."""

    database: str
    call: str
    concurrency: int
    ours_us: float
    empty_us: float
    floor_us: float
    ratio: float
    ours_per_second: float
    floor_per_second: float

    def __str__(self) -> str:
        costs = f"{self.ours_us:8.0f} {self.empty_us:8.0f} {self.floor_us:8.0f} {self.ratio:6.2f}"
        speeds = f"{self.ours_per_second:9.0f} {self.floor_per_second:9.0f}"
        return f"{self.database:<12} {self.call:<26} {self.concurrency:>4} {costs} {speeds}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few calls, at concurrency 8 unless told otherwise")
    parser.add_argument("--database", choices=DATABASES, nargs="+", default=DATABASES, help="only these")
    parser.add_argument("--call", choices=CALLS, nargs="+", default=list(CALLS), help="only these")
    parser.add_argument("--concurrency", type=int, nargs="+", help="only these")
    options = parser.parse_args()
    require_ghz()
    # What this process starts, such as MariaDB, runs there too; only what `serving` starts runs on the other core.
    os.sched_setaffinity(0, {CLIENT_CORE})
    effort = QUICK if options.quick else FULL
    levels = options.concurrency or ((8,) if options.quick else CONCURRENCY)
    print(f"µs of CPU per call; calls per second{'':29} ours    empty    floor  ratio    ours/s   floor/s")
    figures = []
    with closing(databases(options.database)) as found:
        for database, url in found:
            for figure in measure(database, url, options.call, levels, effort):
                print(figure, flush=True)
                figures.append(figure)
    tell_batches(figures)
    place(is_quick=options.quick).save_rows("calls", [figure._asdict() for figure in figures])


def measure(database: str, url: str, calls: list[str], levels: Iterable[int], effort: Effort) -> Iterator[Figure]:
    if not url.startswith("sqlite"):
        schema.migrate_url(url)
    with ExitStack() as stack:
        server = stack.enter_context(serving(*COMMAND, "serve", "--address", "127.0.0.1:0", "--database-url", url))
        # No load reaches the last of them; the recordings take their turns.
        fill(server, effort.calls + SESSIONS)
        no_statements = stack.enter_context(floor(url, [()]))
        for call in calls:
            with ExitStack() as of_call:
                recorded = record(url, call, range(effort.calls, effort.calls + SESSIONS))
                floors = [of_call.enter_context(floor(url, of_step)) for of_step in recorded]
                sides = [[server] * len(floors), [no_statements] * len(floors), floors]
                numbers = itertools.count(1)
                for concurrency in levels:
                    ours, empty, least = compare(call, sides, numbers, concurrency, effort)
                    costs = (ours.cpu_us, empty.cpu_us, least.cpu_us, ours.cpu_us / least.cpu_us)
                    speeds = (ours.calls_per_second, least.calls_per_second)
                    yield Figure(database, call, concurrency, *costs, *speeds)


def fill(server: Server, turns: int) -> None:
    """Create the sessions that calls are about, and others whose turns are taken."""
    with connected(server.address) as client:
        both = members(*(new_participant(client, NAMESPACE, name.rpartition("/")[2]) for name in (AUTHOR, OTHER)))
        updates = [
            StateUpdate(scope=StateScope.STATE_SCOPE_SESSION, key=f"key-{number}", value_json='"value"')
            for number in range(KEYS)
        ]
        for number in range(SESSIONS):
            session = new_session(client, NAMESPACE, f"session-{number}", data=DATA, participants=both)
            append(client, session.name, *[TEXT] * EVENTS, state_updates=updates)
    request = {"parent": NAMESPACE, "sessionId": f"turn-{NUMBER}", "session": {}}
    load(
        server,
        "SessionService/CreateSession",
        request,
        turns,
        concurrency=MOST_CONNECTIONS,
        connections=MOST_CONNECTIONS,
    )


def record(url: str, call: str, numbers: Iterable[int]) -> list[list[Recording]]:
    """Return what each step of a call sends, for each of the given numbers."""
    with recording(url) as recorder:

        def once(number: int, turn: int) -> list[Recording]:
            return [recorder(step.method, step.request_of(number)) for step in steps_of(call, turn)]

        twice = [zip(once(number, 1), once(number, 2), strict=True) for number in numbers]
    return [[repeatable(*both) for both in of_step] for of_step in zip(*twice, strict=True)]


@contextmanager
def floor(url: str, recordings: list[Recording]) -> Iterator[Server]:
    """Run the floor of a step."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(pickle.dumps(recordings))
        file.flush()
        with serving(*FLOOR, url, file.name) as server:
            yield server


def compare(
    call: str, sides: list[list[Server]], numbers: Iterator[int], concurrency: int, effort: Effort
) -> list[Load]:
    """Return the median load of each side, which has a server for each step, over some rounds after one to warm up."""
    connections = min(concurrency, MOST_CONNECTIONS)

    def cost(server: Server, step: Step) -> Load:
        method, request = step.method, step.request
        return load(server, method, request, effort.calls, concurrency=concurrency, connections=connections)

    rounds = [
        [added(map(cost, side, steps_of(call, number))) for side in sides]
        for number in itertools.islice(numbers, effort.rounds + 1)
    ]
    return [medians(loads) for loads in zip(*rounds[1:], strict=True)]


def added(steps: Iterable[Load]) -> Load:
    """Return the load of a call from the loads of its steps."""
    costs, speeds = zip(*steps, strict=True)
    return Load(sum(costs), 1 / sum(1 / speed for speed in speeds))


def medians(loads: tuple[Load, ...]) -> Load:
    return Load(*map(statistics.median, zip(*loads, strict=True)))


def tell_batches(figures: list[Figure]) -> None:
    """Print what a batch of ten events costs, compared with one event."""
    costs = {(of.database, of.concurrency, of.call): of.ours_us for of in figures}
    for (database, concurrency, call), cost in costs.items():
        ten = costs.get((database, concurrency, "AppendEvents of 10"))
        if call == "AppendEvents of 1" and ten:
            print(f"{database}, concurrency {concurrency}: a batch of 10 costs {ten / cost:.2f} of one event")


if __name__ == "__main__":
    main()
