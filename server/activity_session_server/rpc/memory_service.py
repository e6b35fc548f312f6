"""Serves MemoryService."""

from activity_session.v1 import memory_service_pb2 as pb
from activity_session.v1.memory_pb2 import Memory
from activity_session.v1.memory_service_pb2_grpc import MemoryServiceServicer
from activity_session_server.rules.calls import Call
from activity_session_server.store import Store
from activity_session_server.usecases import memories


class MemoryService(MemoryServiceServicer):
    """Each method is the use case of the same name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def CreateMemory(self, request: pb.CreateMemoryRequest, call: Call) -> Memory:
        return memories.create_memory(self._store, call, request)

    def BatchCreateMemories(self, request: pb.BatchCreateMemoriesRequest, call: Call) -> pb.BatchCreateMemoriesResponse:
        return memories.batch_create_memories(self._store, call, request)

    def GetMemory(self, request: pb.GetMemoryRequest, call: Call) -> Memory:
        return memories.get_memory(self._store, call, request)

    def ListMemories(self, request: pb.ListMemoriesRequest, call: Call) -> pb.ListMemoriesResponse:
        return memories.list_memories(self._store, call, request)

    def UpdateMemory(self, request: pb.UpdateMemoryRequest, call: Call) -> Memory:
        return memories.update_memory(self._store, call, request)

    def DeleteMemory(self, request: pb.DeleteMemoryRequest, call: Call) -> Memory:
        return memories.delete_memory(self._store, call, request)

    def UndeleteMemory(self, request: pb.UndeleteMemoryRequest, call: Call) -> Memory:
        return memories.undelete_memory(self._store, call, request)
