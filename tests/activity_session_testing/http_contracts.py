"""What the tests share that compare other ways to call with gRPC: the same request each, about the same things."""

from typing import Any

import grpc
from google.protobuf.message import Message

from activity_session_testing.calls_about import MISSING, About
from activity_session_testing.rpcs import RPCS, Rpc
from activity_session_testing.servers import Client, Failure, unique
from activity_session_testing.steps import AGENT, append, make_namespace, members, new_participant, new_session

# Of these the second call sees what the first has done: a later end of the turn.
CHANGING = {"RenewTurn"}


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
