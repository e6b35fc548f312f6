"""Who calls: found out before anything else of a call is looked at."""

import grpc

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rules.callers import Caller
from activity_session_server.rules.errors import ServiceError


class Authentication:
    """The ways in which a server tells its callers apart; `anonymous` is the caller without credentials, if allowed."""

    def __init__(self, anonymous: Caller | None) -> None:
        self._anonymous = anonymous

    def caller_of(self, _context: grpc.ServicerContext) -> Caller:
        """Who makes a call.

        Raises:
            ServiceError: UNAUTHENTICATED.
        """
        if self._anonymous is None:
            raise ServiceError(ErrorReason.ERROR_REASON_UNAUTHENTICATED, "the call has no credentials")
        return self._anonymous
