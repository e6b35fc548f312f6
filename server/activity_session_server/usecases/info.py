"""The use case of GetServerInfo: what this server is, from its settings alone."""

from functools import cache

from activity_session.v1.info_service_pb2 import GetServerInfoRequest, ServerInfo, ServerLimits
from activity_session_server import __version__
from activity_session_server.rules.calls import Call
from activity_session_server.rules.limits import Limits
from activity_session_server.store import Store

CAPABILITIES = ("events", "memories", "namespaces", "participants", "sessions", "state", "turns", "watch")
_DURATIONS = ("request_id_age", "purge_age", "state_history_age", "turn_ttl")


def get_server_info(_store: Store, call: Call, _request: GetServerInfoRequest) -> ServerInfo:
    """Tell the version, the limits and the capabilities."""
    return ServerInfo(version=__version__, limits=_limits_message(call.limits), capabilities=CAPABILITIES)


@cache
def _limits_message(limits: Limits) -> ServerLimits:
    message = ServerLimits()
    for field in message.DESCRIPTOR.fields_by_name:
        value = getattr(limits, field)
        if field in _DURATIONS:
            getattr(message, field).FromTimedelta(value)
        else:
            setattr(message, field, value)
    return message
