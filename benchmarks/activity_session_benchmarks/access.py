"""What it costs to tell callers apart, and to judge what they may do: by each way, and for participants.

A cost is the CPU time of one call of one caller: that of the server, and that of the database's. Callers call in turn,
a few calls each, so that whatever else the machine does affects all of them equally; figures are medians of the turns.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import grpc
import trustme

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_service_pb2 import (
    BindParticipantRequest,
    GetSessionRequest,
    ListSessionsRequest,
)
from activity_session_benchmarks.growth import compare, session_id, write_sessions
from activity_session_benchmarks.loads import Server, serving
from activity_session_benchmarks.runs import Run, measure_all
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import Access
from activity_session_testing.certificates import issue, trusting
from activity_session_testing.issuers import AUDIENCE, ISSUER, Issuer
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import append, members, new_participant, new_session

TURNS, QUICK_TURNS = 24, 5
NAMESPACE, NAMESPACE_ID = "namespaces/default", "default"
# Who calls without credentials, over a plain connection: all others are compared with it.
BASE = "without credentials"
SUBJECT, PARTICIPANT = "ada", "bot"
FEW, MANY, QUICK_MANY = 100, 100_000, 10_000
OWN_SESSIONS, PAGE = 50, 25
DATA, TEXT = "x" * 2048, "x" * 100


class Figure(NamedTuple):
    """What a call of a caller costs the server and the database's, in microseconds, and how much more that is.

    The ratio is that to the same list among few sessions; only lists have one.
    """

    database: str
    call: str
    caller: str
    cpu_us: float
    database_us: float
    more_us: float
    ratio: float | None

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f"ratio {self.ratio:.2f}"
        costs = f"{self.cpu_us:6.0f} µs {self.database_us:6.0f} µs {self.more_us:+6.0f} µs"
        return f"{self.database:<12} {self.call:<20} {self.caller:<45} {costs}  {ratio}"


class Caller(NamedTuple):
    """Somebody who calls a server of its own."""

    server: Server
    client: Client


def main() -> None:
    measure_all("access", __doc__, measure)


def measure(run: Run) -> Iterator[Figure]:
    turns = QUICK_TURNS if run.is_quick else TURNS
    with TemporaryDirectory() as folder, ExitStack() as stack:
        callers = all_callers(run, Path(folder), stack)
        first = callers[BASE].client
        bot = new_participant(first, NAMESPACE, PARTICIPANT)
        session = new_session(first, NAMESPACE, "measured", data=DATA, participants=members(bot)).name
        for call, of_client in calls_of(session, bot).items():
            yield from figures(
                run, call, {who: (caller, of_client(caller.client)) for who, caller in callers.items()}, turns
            )
        yield from lists(run, callers, turns)


def calls_of(session: str, author: str) -> dict[str, Callable[[Client], Callable[[int], object]]]:
    event = Event(type="message", text=TEXT, author=author)
    return {
        "GetSession": lambda client: lambda _: client.sessions.GetSession(GetSessionRequest(name=session)),
        "AppendEvents of 1": lambda client: lambda _: append(client, session, event),
    }


def all_callers(run: Run, folder: Path, stack: ExitStack) -> dict[str, Caller]:
    """Start a server for each way in which callers show who they are, all on one database."""
    grants = [Grant(SUBJECT, NAMESPACE_ID, Role.WRITER)]
    # Each list is of a namespace of its own.
    of_bot = [Grant(PARTICIPANT, namespace, participant=PARTICIPANT) for namespace in ("default", *lists_in(run))]
    access = Access(folder, [*grants, *of_bot])
    access_flags = flags(**access.settings)
    tls, credentials, own = certificates(folder)
    issuer = Issuer()
    (folder / "keys.json").write_bytes(issuer.key_set)
    jwt = flags(jwt_issuer=ISSUER, jwt_audience=AUDIENCE, jwt_keys=str(folder / "keys.json"))
    grants_flag = flags(grants_file=access.settings["grants_file"])

    def caller(*more: str, credentials: grpc.ChannelCredentials | None = None, token: str = "") -> Caller:
        server = stack.enter_context(serving(*run.command, *more))
        address = server.address.replace("127.0.0.1", "localhost") if credentials else server.address
        return Caller(server, stack.enter_context(connected(address, credentials=credentials, token=token)))

    return {
        BASE: caller(),
        "with a token and a role": caller(*access_flags, token=access.token(SUBJECT)),
        "with a JWT and a role": caller(*jwt, *grants_flag, token=issuer.sign(sub=SUBJECT)),
        "with a token, as a participant": caller(*access_flags, token=access.token(PARTICIPANT)),
        "over TLS": caller(*tls, credentials=credentials),
        "over TLS, with a client certificate and a role": caller(
            *tls, *flags(tls_client_ca_file=str(folder / "ca.pem")), *grants_flag, credentials=own
        ),
    }


def certificates(folder: Path) -> tuple[list[str], grpc.ChannelCredentials, grpc.ChannelCredentials]:
    """Return the flags of a server with TLS, and what its clients need without a certificate of their own, and with."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    made = authority.issue_cert("localhost")
    made.private_key_pem.write_to_path(folder / "server.key")
    made.cert_chain_pems[0].write_to_path(folder / "server.pem")
    tls = flags(tls_certificate_file=str(folder / "server.pem"), tls_key_file=str(folder / "server.key"))
    ca = authority.cert_pem.bytes()
    return tls, trusting(ca), trusting(ca, issue(authority, common_name=SUBJECT))


def flags(**settings: str) -> list[str]:
    return [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", value)]


def lists_in(run: Run) -> dict[str, int]:
    """The namespaces of the lists, and how many sessions each has."""
    return {f"n{count}": count for count in (FEW, QUICK_MANY if run.is_quick else MANY)}


def lists(run: Run, callers: dict[str, Caller], turns: int) -> Iterator[Figure]:
    """Compare the lists of a participant that has a few sessions, among few others and among many."""
    caller = callers["with a token, as a participant"]
    namespaces = {count: namespace for namespace, count in lists_in(run).items()}
    for count in namespaces:
        write_own_sessions(callers[BASE].client, run.url, count)
    for order in ("name", "create_time desc"):
        requests = {
            count: ListSessionsRequest(parent=f"namespaces/{namespace}", order_by=order, page_size=PAGE)
            for count, namespace in namespaces.items()
        }
        sides = {
            f"a participant of {OWN_SESSIONS} among {count:,}": (caller, listing(caller.client, request))
            for count, request in requests.items()
        }
        yield from figures(run, f"ListSessions by {order}", sides, turns, has_ratio=True)


def listing(client: Client, request: ListSessionsRequest) -> Callable[[int], object]:
    return lambda _: client.sessions.ListSessions(request)


def write_own_sessions(client: Client, url: str, count: int) -> None:
    """Create a namespace with that many sessions, of which the participant has a few, far from each other."""
    namespace = write_sessions(client, url, count)
    bot = new_participant(client, namespace, PARTICIPANT)
    for number in range(OWN_SESSIONS):
        name = f"{namespace}/sessions/{session_id(number * (count // OWN_SESSIONS), count)}"
        client.sessions.BindParticipant(BindParticipantRequest(session=name, participant=bot))


def figures(
    run: Run,
    call: str,
    sides: dict[str, tuple[Caller, Callable[[int], object]]],
    turns: int,
    *,
    has_ratio: bool = False,
) -> Iterator[Figure]:
    """Compare callers with the first of them."""
    first = next(iter(sides))
    costs = compare(
        {who: [[caller.server.pid], run.database_pids] for who, (caller, _) in sides.items()},
        {who: of_side for who, (_, of_side) in sides.items()},
        turns,
    )
    base = sum(costs[first])
    for who, (server_us, database_us) in costs.items():
        together = server_us + database_us
        ratio = together / base if has_ratio else None
        yield Figure(run.database, call, who, server_us, database_us, together - base, ratio)


if __name__ == "__main__":
    main()
