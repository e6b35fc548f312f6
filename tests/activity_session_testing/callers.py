"""Those who call: their credentials, and whom a server takes them for."""

from pathlib import Path
from typing import Any

import grpc

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import CreateNamespaceRequest, GetNamespaceRequest
from activity_session_server.rpc.authentication import token_file, tokens
from activity_session_testing.servers import Client, Failure, failure

Metadata = tuple[tuple[str, str | bytes], ...]
NAMESPACE = "namespaces/default"
# Lets ada read, and write, in one namespace.
GRANTS = '[[grant]]\nsubject = "ada"\nnamespace = "default"\nrole = "writer"\n'
_CREATE = CreateNamespaceRequest(namespace_id="x", namespace=Namespace())


def bearer(token: str) -> Metadata:
    return (("authorization", f"Bearer {token}"),)


def new_token(path: Path, subject: str = "ada") -> str:
    """Add a token to a file, and return it."""
    token, entry = tokens.new_token(subject)
    token_file.add(str(path), entry)
    return token


def get_namespace(client: Client, metadata: Metadata = ()) -> Any:
    """Make a call that each reader of the namespace may make."""
    return client.namespaces.GetNamespace(GetNamespaceRequest(name=NAMESPACE), metadata=metadata)


def reason_of(client: Client, metadata: Metadata = ()) -> str:
    """Return why such a call fails, and nothing if it does not."""
    try:
        get_namespace(client, metadata)
    except grpc.RpcError as error:
        return Failure(error).reason
    return ""


def subject_seen(client: Client, metadata: Metadata = ()) -> str:
    """Return whom a server takes a caller for that has no role in all namespaces: it says who may not call."""
    refused = failure(client.namespaces.CreateNamespace, _CREATE, metadata=metadata)
    assert refused.reason == "PERMISSION_DENIED", refused.message
    return refused.message.partition(" may not call ")[0]


def refusal(client: Client, metadata: Metadata = ()) -> str:
    """Return what a caller is told whose credentials do not hold."""
    refused = failure(client.namespaces.GetNamespace, GetNamespaceRequest(name=NAMESPACE), metadata=metadata)
    assert refused.reason == "UNAUTHENTICATED", refused.message
    return refused.message
