"""The same request over gRPC and as JSON over HTTP gives the same message, or the same error, for every RPC."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.message import Message

from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import serving_callers
from activity_session_testing.calls_about import CALLS, MISSING, About
from activity_session_testing.http_calls import Answer, HttpClient
from activity_session_testing.rpcs import RPCS, Rpc
from activity_session_testing.servers import Client, Failure, unique
from activity_session_testing.steps import AGENT, append, make_namespace, members, new_participant, new_session

pytestmark = pytest.mark.one_node
# Of these the second call sees what the first has done: a later end of the turn.
CHANGING = {"RenewTurn"}
every_call = pytest.mark.parametrize("call", CALLS)


class Both:
    """A caller over gRPC and the same one over HTTP."""

    def __init__(self, client: Client, http: HttpClient) -> None:
        self.client, self.http = client, http


@pytest.fixture(scope="module")
def callers(database_url: str) -> Iterator[dict[str, Both]]:
    grants = [Grant("system", "", Role.SYSTEM), Grant("outsider", unique("elsewhere"), Role.ADMIN)]
    with ExitStack() as stack:
        access = stack.enter_context(serving_callers(database_url, grants, http_address="127.0.0.1:0"))
        yield {
            grant.subject: Both(
                stack.enter_context(access.client(grant.subject)),
                HttpClient(access.server.http_address, access.token(grant.subject)),
            )
            for grant in grants
        }


def about(client: Client, *, exists: bool) -> About:
    namespace = make_namespace(client, unique("http")).name
    for participant in "alice", "bobby":
        new_participant(client, namespace, participant, participant_type=AGENT)
    me, other = f"{namespace}/participants/alice", f"{namespace}/participants/bobby"
    if not exists:
        return About(client, f"namespaces/{MISSING}", f"{namespace}/sessions/{MISSING}", me, other, exists=False)
    session = new_session(client, namespace, participants=members(me, other)).name
    append(client, session, "first")
    return About(client, namespace, session, me, other, exists=True)


def rpc_of(call: str) -> Rpc:
    return RPCS[call.partition(",")[0]]


def over_grpc(client: Client, rpc: Rpc, request: Message) -> Any:
    """Return the response, or the error."""
    try:
        return rpc.on(client.channel)(request)
    except grpc.RpcError as error:
        return Failure(error)


def with_request_id(rpc: Rpc, request: Any) -> Any:
    if rpc.takes_request_id and (rpc.is_mutating or request.touch):
        request.request_id = unique("request")
    return request


def parsed(rpc: Rpc, answer: Answer) -> Message:
    assert answer.code == 200, answer.raw
    return json_format.Parse(answer.raw, rpc.answer_class())


def check_same_error(answer: Answer, failure: Failure) -> None:
    assert answer.error["status"] == failure.code.name
    assert answer.error["message"] == failure.message
    assert answer.error["details"] == json_format.MessageToDict(failure.status)["details"]


@every_call
def test_both_give_the_same_message(callers: dict[str, Both], call: str) -> None:
    system = callers["system"]
    rpc = rpc_of(call)
    request = with_request_id(rpc, CALLS[call](about(system.client, exists=True)))
    # The request id makes the second call return what the first has returned.
    first = parsed(rpc, system.http.send(rpc, request))
    second = over_grpc(system.client, rpc, request)
    if rpc.name in CHANGING:
        first.ClearField("expire_time")
        second.ClearField("expire_time")
    assert first == second


@every_call
def test_both_give_the_same_error_for_what_is_not_there(callers: dict[str, Both], call: str) -> None:
    system = callers["system"]
    rpc = rpc_of(call)
    request = CALLS[call](about(system.client, exists=False))
    failure = over_grpc(system.client, rpc, request)
    if isinstance(failure, Failure):
        check_same_error(system.http.send(rpc, request), failure)


@every_call
def test_both_refuse_a_caller_without_a_right_for_the_same_reason(callers: dict[str, Both], call: str) -> None:
    rpc = rpc_of(call)
    request = CALLS[call](about(callers["system"].client, exists=True))
    outsider = callers["outsider"]
    failure = over_grpc(outsider.client, rpc, request)
    if isinstance(failure, Failure):
        answer = outsider.http.send(rpc, request)
        assert (answer.code, failure.reason) == (403, "PERMISSION_DENIED")
        check_same_error(answer, failure)
