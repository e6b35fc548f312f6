"""Serves InfoService."""

from activity_session.v1 import info_service_pb2 as pb
from activity_session.v1.info_service_pb2_grpc import InfoServiceServicer
from activity_session_server import __version__
from activity_session_server.rules.calls import Call
from activity_session_server.rules.limits import Limits

CAPABILITIES = ("events", "memories", "namespaces", "participants", "sessions", "state", "turns", "watch")
_DURATIONS = ("request_id_age", "purge_age", "turn_ttl")


class InfoService(InfoServiceServicer):
    """Tells what this server is, from its settings alone."""

    def __init__(self, limits: Limits) -> None:
        self._info = pb.ServerInfo(version=__version__, limits=_limits_message(limits), capabilities=CAPABILITIES)

    def GetServerInfo(self, request: pb.GetServerInfoRequest, call: Call) -> pb.ServerInfo:
        del request, call
        return self._info


def _limits_message(limits: Limits) -> pb.ServerLimits:
    message = pb.ServerLimits()
    for field in message.DESCRIPTOR.fields_by_name:
        value = getattr(limits, field)
        if field in _DURATIONS:
            getattr(message, field).FromTimedelta(value)
        else:
            setattr(message, field, value)
    return message
