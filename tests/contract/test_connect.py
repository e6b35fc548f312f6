"""The same request over gRPC and over Connect gives the same message, or the same error, for every RPC."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from activity_session.v1.info_service_pb2 import GetServerInfoRequest
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import serving_callers
from activity_session_testing.calls_about import CALLS
from activity_session_testing.connect_calls import ConnectClient, Connected
from activity_session_testing.http_contracts import CHANGING, about, over_grpc, rpc_of, with_request_id
from activity_session_testing.servers import Client, Failure, unique

every_call = pytest.mark.parametrize("call", CALLS)
FORMS = {"json": True, "binary": False}


class Caller(NamedTuple):
    """A caller over gRPC, and over Connect by the names of the forms."""

    client: Client
    connect: dict[str, ConnectClient]


@pytest.fixture(scope="module")
def callers() -> Iterator[dict[str, Caller]]:
    grants = [Grant("system", "", Role.SYSTEM), Grant("outsider", unique("elsewhere"), Role.ADMIN)]
    with ExitStack() as stack:
        access = stack.enter_context(serving_callers("sqlite:///:memory:", grants, http_address="127.0.0.1:0"))
        address = access.server.http_address
        yield {
            grant.subject: Caller(
                stack.enter_context(access.client(grant.subject)),
                {
                    name: ConnectClient(address, is_json=is_json, token=access.token(grant.subject))
                    for name, is_json in FORMS.items()
                },
            )
            for grant in grants
        }


def check_same_error(found: Connected, failure: Failure) -> None:
    assert found.error["code"] == failure.code.name.lower()
    assert found.error["message"] == failure.message
    details = [(one.type_url.rpartition("/")[2], one.value) for one in failure.status.details]
    assert found.details == details


@pytest.mark.parametrize("form", FORMS)
@every_call
def test_both_give_the_same_message(callers: dict[str, Caller], call: str, form: str) -> None:
    system = callers["system"]
    rpc = rpc_of(call)
    request = with_request_id(rpc, CALLS[call](about(system.client, exists=True)))
    # The request id makes the second call return what the first has returned.
    first = system.connect[form].send(rpc, request).message
    second = over_grpc(system.client, rpc, request)
    if rpc.name in CHANGING:
        first.ClearField("expire_time")
        second.ClearField("expire_time")
    assert first == second


@pytest.mark.parametrize("form", FORMS)
@every_call
def test_both_give_the_same_error_for_what_is_not_there(callers: dict[str, Caller], call: str, form: str) -> None:
    system = callers["system"]
    rpc = rpc_of(call)
    request = CALLS[call](about(system.client, exists=False))
    failure = over_grpc(system.client, rpc, request)
    if isinstance(failure, Failure):
        check_same_error(system.connect[form].send(rpc, request), failure)


@every_call
def test_both_refuse_a_caller_without_a_right_for_the_same_reason(callers: dict[str, Caller], call: str) -> None:
    rpc = rpc_of(call)
    request = CALLS[call](about(callers["system"].client, exists=True))
    outsider = callers["outsider"]
    failure = over_grpc(outsider.client, rpc, request)
    if isinstance(failure, Failure):
        found = outsider.connect["json"].send(rpc, request)
        assert (found.error["code"], failure.reason) == ("permission_denied", "PERMISSION_DENIED")
        check_same_error(found, failure)


@pytest.mark.parametrize(
    ("headers", "code", "field"),
    [
        ({"Connect_Protocol_Version": "2"}, 400, "Connect-Protocol-Version"),
        ({"Connect_Timeout_Ms": "soon"}, 400, "Connect-Timeout-Ms"),
        ({"Content_Type": "text/plain"}, 415, "Content-Type"),
    ],
)
def test_a_request_that_becomes_no_call_has_an_error_of_connect(
    callers: dict[str, Caller], headers: dict[str, str], code: int, field: str
) -> None:
    found = callers["system"].connect["json"].send(rpc_of("GetServerInfo"), GetServerInfoRequest(), **headers)
    assert (found.code, found.error["code"]) == (code, "invalid_argument")
    assert field in found.error["message"]
