"""Serves NamespaceService."""

from activity_session.v1 import namespace_service_pb2 as pb
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2_grpc import NamespaceServiceServicer
from activity_session_server.rules.calls import Call
from activity_session_server.store import Store
from activity_session_server.usecases import namespaces


class NamespaceService(NamespaceServiceServicer):
    """Each method is the use case of the same name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def CreateNamespace(self, request: pb.CreateNamespaceRequest, call: Call) -> Namespace:
        return namespaces.create_namespace(self._store, call, request)

    def GetNamespace(self, request: pb.GetNamespaceRequest, call: Call) -> Namespace:
        return namespaces.get_namespace(self._store, call, request)

    def ListNamespaces(self, request: pb.ListNamespacesRequest, call: Call) -> pb.ListNamespacesResponse:
        return namespaces.list_namespaces(self._store, call, request)

    def UpdateNamespace(self, request: pb.UpdateNamespaceRequest, call: Call) -> Namespace:
        return namespaces.update_namespace(self._store, call, request)

    def DeleteNamespace(self, request: pb.DeleteNamespaceRequest, call: Call) -> Namespace:
        return namespaces.delete_namespace(self._store, call, request)

    def UndeleteNamespace(self, request: pb.UndeleteNamespaceRequest, call: Call) -> Namespace:
        return namespaces.undelete_namespace(self._store, call, request)
