"""The same request over gRPC and as JSON over HTTP gives the same message, or the same error, for every RPC."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message

from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import serving_callers
from activity_session_testing.calls_about import CALLS
from activity_session_testing.http_calls import Answer, HttpClient
from activity_session_testing.http_contracts import CHANGING, about, over_grpc, rpc_of, with_request_id
from activity_session_testing.rpcs import Rpc
from activity_session_testing.servers import Client, Failure, unique

pytestmark = pytest.mark.one_node
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
