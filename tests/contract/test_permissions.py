"""Who may call what: each cell of the table in docs/permissions.md, for callers of a real server."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest

from activity_session.v1.namespace_service_pb2 import ListNamespacesRequest, UndeleteNamespaceRequest
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import Access, serving_callers
from activity_session_testing.calls_about import CALLS, MISSING, About
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client, Failure, unique
from activity_session_testing.steps import AGENT, append, make_namespace, members, new_participant, new_session

pytestmark = pytest.mark.one_node
TABLE = Path(__file__).parents[2] / "docs/permissions.md"
CALLERS = ("reader", "writer", "admin", "system", "participant")
OWN, FOREIGN = "own", "foreign"
TARGETS = (OWN, FOREIGN, MISSING)
OUTCOMES = {"yes": None, "no": grpc.StatusCode.PERMISSION_DENIED, "none": grpc.StatusCode.NOT_FOUND}


def _rows() -> dict[str, dict[str, tuple[str, ...]]]:
    """The rows of the table: by call and caller, what is expected of own, foreign and missing."""
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")]
    header, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert tuple(header[1:]) == CALLERS
    return {call: {who: tuple(cell.split()) for who, cell in zip(CALLERS, cells, strict=True)} for call, *cells in rows}


ROWS = _rows()


class World:
    """Two namespaces, the callers that have grants in the first, and one who has none."""

    def __init__(self, access: Access, clients: dict[str, Client], own: str, foreign: str) -> None:
        self.access, self.clients, self.own, self.foreign = access, clients, own, foreign

    @property
    def system(self) -> Client:
        return self.clients["system"]

    def about(self, who: str, target: str) -> About:
        """What a caller calls about. To a participant somebody else's session is one of others in its own namespace."""
        namespace = {OWN: self.own, FOREIGN: self.foreign, MISSING: f"namespaces/{MISSING}"}[target]
        parent = self.foreign if target == FOREIGN and who != "participant" else self.own
        me, other = f"{parent}/participants/alice", f"{parent}/participants/bobby"
        if target == MISSING:
            return About(self.system, namespace, f"{parent}/sessions/{MISSING}", me, other, exists=False)
        is_foreign = target == FOREIGN and who == "participant"
        bound = members(other) if is_foreign else members(me, other)
        session = new_session(self.system, parent, participants=bound).name
        append(self.system, session, "first")
        # What is somebody else's: to a participant, another one of its namespace.
        return About(self.system, namespace, session, me, other, exists=True)


@pytest.fixture(scope="module")
def world(database_url: str) -> Iterator[World]:
    own, foreign = unique("own"), unique("foreign")
    grants = [Grant(role, own, Role(role)) for role in ("reader", "writer", "admin")]
    grants += [Grant("system", "", Role.SYSTEM), Grant("participant", own, participant="alice")]
    grants += [Grant("outsider", unique("elsewhere"), Role.ADMIN)]
    with ExitStack() as stack:
        access = stack.enter_context(serving_callers(database_url, grants))
        subjects = {grant.subject for grant in grants}
        clients = {subject: stack.enter_context(access.client(subject)) for subject in subjects}
        for namespace in own, foreign:
            name = make_namespace(clients["system"], namespace).name
            for participant in "alice", "bobby":
                new_participant(clients["system"], name, participant, participant_type=AGENT)
        yield World(access, clients, f"namespaces/{own}", f"namespaces/{foreign}")


def _try(world: World, who: str, row: str, about: About) -> Failure | None:
    """Make a call, and return its error; the namespaces are there again afterwards."""
    call = RPCS[row.partition(",")[0]].on(world.clients[who].channel)
    try:
        call(CALLS[row](about))
    except grpc.RpcError as error:
        return Failure(error)
    finally:
        for namespace in world.own, world.foreign:
            _undelete(world.system, namespace)
    return None


def test_the_table_has_every_call() -> None:
    assert {row.partition(",")[0] for row in ROWS} == RPCS.keys()
    assert ROWS.keys() == CALLS.keys()


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("row", ROWS)
def test_a_caller_may_do_what_the_table_says(world: World, row: str, who: str) -> None:
    failures = {}
    for target, expected in zip(TARGETS, ROWS[row][who], strict=True):
        about = _target_of(world, row, who, target)
        failed = _try(world, who, row, about)
        assert (failed and failed.code) == OUTCOMES[expected], f"{target}: {failed and failed.message}"
        if expected == "no":
            assert failed is not None
            assert failed.reason == "PERMISSION_DENIED"
            assert "resource" in failed.info.metadata or "field" in failed.info.metadata
            needed = failed.info.metadata["permission"]
            # What it is told to ask for must be more than it has; only in all namespaces the same role is more.
            if target == OWN and who != "participant" and "in all namespaces" not in failed.message:
                assert not Role(who).includes(Role(needed))
            failures[target] = _without_names(failed, about)
    if {FOREIGN, MISSING} <= failures.keys():
        assert failures[FOREIGN] == failures[MISSING]


@pytest.mark.parametrize("row", ROWS)
def test_a_caller_without_grants_may_do_nothing(world: World, row: str) -> None:
    for target in TARGETS:
        failed = _try(world, "outsider", row, world.about("outsider", target))
        if ROWS[row]["participant"] == ("yes", "yes", "yes"):
            assert failed is None
        else:
            assert failed is not None
            assert failed.reason == "PERMISSION_DENIED"


def test_namespaces_that_a_caller_has_no_role_in_are_not_listed(world: World) -> None:
    def listed(who: str, **fields: Any) -> list[str]:
        request = ListNamespacesRequest(page_size=1000, **fields)
        return [namespace.name for namespace in world.clients[who].namespaces.ListNamespaces(request).namespaces]

    assert {world.own, world.foreign} <= set(listed("system"))
    for who in "reader", "writer", "admin":
        assert listed(who) == [world.own]
        assert listed(who, filter=f'namespace_id = "{world.foreign.removeprefix("namespaces/")}"') == []
    assert listed("participant") == listed("outsider") == []


def _target_of(world: World, row: str, who: str, target: str) -> About:
    about = world.about(who, target)
    of_participant = "Participant" in row.partition(",")[0] or "of a participant" in row
    if of_participant and who == "participant" and target == FOREIGN and "bind" not in row.lower():
        return about._replace(me=about.other)
    return about


def _without_names(failed: Failure, about: About) -> tuple[object, ...]:
    """What an error says but for the ids that the caller has given, or that are new in each request."""
    names = sorted({about.session, about.namespace, about.parent, about.me, about.other}, key=len, reverse=True)
    text = f"{failed.message} {dict(failed.info.metadata)}"
    for name in names:
        text = text.replace(name, "NAME")
    return failed.code, failed.reason, re.sub(r"NAME(/\w+/[\w-]+)*|namespaces/new-\d+", "NAME", text)


def _undelete(system: Client, namespace: str) -> None:
    try:
        system.namespaces.UndeleteNamespace(UndeleteNamespaceRequest(name=namespace))
    except grpc.RpcError as error:
        assert Failure(error).reason == "NAMESPACE_ALREADY_EXISTS"  # noqa: PT017 - it was not deleted
