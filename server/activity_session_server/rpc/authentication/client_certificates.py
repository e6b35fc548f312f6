"""Whom a client certificate names, once gRPC has checked that it is of the CA that clients need."""

from typing import Any

import grpc

from activity_session_server.rpc.authentication.refusals import unauthenticated
from activity_session_server.rpc.authentication.subjects import subject_problem

# What gRPC finds in it, in the order of preference: a SPIFFE id, which is the only URI then, a URI, a DNS name, the CN.
_NAMES = ("peer_spiffe_id", "peer_uri", "peer_dns", "x509_common_name")


def subject_of(context: grpc.ServicerContext) -> str:
    """The subject of the client certificate of a call's connection.

    Raises:
        ServiceError: UNAUTHENTICATED: it names nobody.
    """
    # Its types do not know that there can be several of each.
    found: Any = context.auth_context()
    name = next((value for key in _NAMES for value in found.get(key, ()) if value), b"")
    subject = name.decode(errors="replace")
    if problem := subject_problem(subject):
        raise unauthenticated(f"the client certificate has no name that can be a subject: {problem.text}")
    return subject
