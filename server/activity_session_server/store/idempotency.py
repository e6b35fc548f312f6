"""Request ids (AIP-155): each request that changes something is carried out once, however often it is sent.

The claim is the first statement of a transaction, and is committed with its effect. Of two calls with the same id the
second waits for the claim of the first, and then gets the same answer.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, NamedTuple, Self, TypeVar, cast

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from sqlalchemy import Table, bindparam, delete, func, select, update

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.orm import Idempotency
from activity_session_server.orm.types import utc_now
from activity_session_server.rules import names, requests
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError
from activity_session_server.rules.ids import uuid7_hex
from activity_session_server.rules.problems import shown
from activity_session_server.store.batches import fitting
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.readers import Writer

T = TypeVar("T")
A = TypeVar("A")

# The server's own ids serve only to settle a lost commit, which takes seconds.
_OWN_AGE = timedelta(minutes=15)

_TABLE = cast("Table", Idempotency.__table__)
_THIS = (Idempotency.scope == bindparam("its_scope")) & (Idempotency.request_id == bindparam("its_id"))
_FIND = Statement(select(Idempotency.fingerprint, Idempotency.answer).where(_THIS))
_RECORD = Statement(update(_TABLE).where(_THIS).values(answer=bindparam("its_answer")))
_DUE = Statement(
    select(Idempotency.expire_ts, func.coalesce(func.length(Idempotency.answer), 0))
    .where(Idempotency.expire_ts <= utc_now())
    .order_by(Idempotency.expire_ts)
    .limit(bindparam("most"))
)
_FORGET = Statement(delete(_TABLE).where(Idempotency.expire_ts <= bindparam("its_latest")))


class Record(NamedTuple, Generic[A]):
    """How the answer to a request is kept: what is written of it, and how the answer is made of that again."""

    write: Callable[[A], Message]
    read: Callable[[Writer, Any], A]


WHOLE: Record[Any] = Record(lambda answer: answer, lambda _, kept: kept)


@dataclass
class Claim:
    """A request that is to be carried out once. `answer` is what the function returned, just before the commit."""

    scope: str
    request_id: str
    fingerprint: str
    by_caller: bool
    age: timedelta
    answer: Any = None

    @classmethod
    def of(cls, call: Call, request: Message | None, *, always: bool) -> Self | None:
        """The claim of a request; None where it has no id and, unless `always`, needs none."""
        request_id: str = getattr(request, "request_id", "")
        if request is not None and request_id:
            return cls(
                scope=_scope(request),
                request_id=request_id,
                fingerprint=_fingerprint(call.method, request),
                by_caller=True,
                age=call.limits.request_id_age,
            )
        if always:
            return cls("", uuid7_hex(), "", by_caller=False, age=_OWN_AGE)
        return None

    def fulfil(self, writer: Writer, fn: Callable[[Writer], T], record: Record[T]) -> T:
        """Carry the request out, or return the answer that it got before.

        Raises:
            ServiceError: REQUEST_ID_REUSED.
        """
        if not self._is_new(writer):
            return record.read(writer, self._earlier_answer(writer)) if self.by_caller else cast("T", self.answer)
        answer = fn(writer)
        if self.by_caller:
            packed = AnyMessage()
            packed.Pack(record.write(answer))
            writer.change(_RECORD, {**self._key(), "its_answer": packed.SerializeToString()})
        self.answer = answer
        return answer

    def _key(self) -> dict[str, str]:
        return {"its_scope": self.scope, "its_id": self.request_id}

    def _is_new(self, writer: Writer) -> bool:
        return writer.insert(
            _TABLE,
            {
                "scope": self.scope,
                "request_id": self.request_id,
                "fingerprint": self.fingerprint,
                "create_ts": writer.now,
                "expire_ts": writer.now + self.age,
            },
        )

    def _earlier_answer(self, writer: Writer) -> Message:
        row = writer.row(_FIND, self._key())
        if row is None or row.fingerprint != self.fingerprint:
            raise ServiceError(
                ErrorReason.ERROR_REASON_REQUEST_ID_REUSED,
                f"request_id: {shown(self.request_id)} was used for another request",
                logged="request_id: it was used for another request",
                metadata={"request_id": self.request_id},
            )
        return _unpack(row.answer)


def forget_requests(writer: Writer, most: int) -> int:
    """Remove about `most` of the requests whose time is over, oldest first; fewer of large ones. Returns how many."""
    due = writer.rows(_DUE, {"most": most})
    if not due:
        return 0
    last = fitting(row[1] for row in due) - 1
    return writer.change(_FORGET, {"its_latest": due[last].expire_ts})


def _scope(request: Message) -> str:
    if hasattr(request, "namespace_id"):  # a namespace that is about to be created has no checked name yet
        return str(request.namespace_id)
    name = requests.resource_of(request)
    return names.ids_of(name)[0] if name else ""


def _fingerprint(method: str, request: Message) -> str:
    text = method.encode() + b"\0" + request.SerializeToString(deterministic=True)
    return hashlib.sha256(text).hexdigest()


def _unpack(answer: bytes) -> Message:
    packed = AnyMessage.FromString(answer)
    descriptor = descriptor_pool.Default().FindMessageTypeByName(packed.TypeName())
    message = message_factory.GetMessageClass(descriptor)()
    packed.Unpack(message)
    return message
