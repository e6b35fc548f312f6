"""The quotas of a server: what each subject and each namespace may use of it, and what each namespace may store."""

from collections.abc import Mapping

from activity_session_server.live.meters import Meter, Taken
from activity_session_server.live.stored_bytes import StoredBytes
from activity_session_server.rules.access.quotas import ADDS, Quota
from activity_session_server.rules.calls import Call
from activity_session_server.rules.names import WILDCARD
from activity_session_server.rules.namespace_settings import NamespaceResourceQuotas


class Quotas:
    """The quotas of a server on subjects and on namespaces; all callers without credentials are one subject."""

    def __init__(self, of_subject: Quota, of_namespace: Quota, stored: StoredBytes) -> None:
        self._of_namespace = of_namespace
        self.subjects = Meter("subject", of_subject)
        self.namespaces = Meter("namespace", of_namespace)
        self.stored = stored

    def set_own(self, own: Mapping[str, NamespaceResourceQuotas]) -> None:
        """Have some namespaces have quotas of their own, by their names."""
        self.namespaces.set_own({name: quotas.of_calls(self._of_namespace) for name, quotas in own.items()})
        self.stored.set_own({name: quotas.bytes for name, quotas in own.items() if quotas.bytes is not None})

    def begin_for_subject(self, taken: Taken, call: Call, size: int) -> None:
        """Count a call for its subject, which must be known, and the bytes of its request.

        Raises:
            ServiceError: QUOTA_EXCEEDED.
        """
        if self.subjects.counts_calls:
            self.subjects.begin(call.caller.subject, size)
            taken.add(self.subjects.end, call.caller.subject)

    def begin_in_namespace(self, taken: Taken, call: Call, size: int) -> None:
        """Count a call for the namespace that it is about, if it is about one; the caller must be allowed to make it.

        Raises:
            ServiceError: QUOTA_EXCEEDED.
        """
        if not (self.namespaces.counts_calls or self.stored.counts) or not (name := _namespace(call)):
            return
        if self.namespaces.counts_calls:
            self.namespaces.begin(name, size)
            taken.add(self.namespaces.end, name)
        if self.stored.counts and call.method in ADDS:
            self.stored.add(name, size)

    def open(self, taken: Taken, call: Call) -> None:
        """Count a watch, or a call that waits for a turn, for its subject and for its namespace.

        Raises:
            ServiceError: QUOTA_EXCEEDED.
        """
        for meter, name in ((self.subjects, call.caller.subject), (self.namespaces, _namespace(call))):
            meter.open(name)
            taken.add(meter.close, name)


def _namespace(call: Call) -> str:
    """The name of the namespace that a call is about; empty for none, and for all of them."""
    words = call.resource.split("/", 2)
    return "" if len(words) == 1 or words[1] == WILDCARD else f"{words[0]}/{words[1]}"
