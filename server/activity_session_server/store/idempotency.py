"""Request ids (AIP-155): each request that changes something is carried out once, however often it is sent.

The claim is the first statement of a transaction, and is committed with its effect. Of two calls with the same id the
second waits for the claim of the first, and then gets the same answer. An id is the caller's own within one resource:
the one that the request names, or makes under an id that it gives. So nobody learns from an id that somebody else has
used it, nor for what. A session that was expunged since is acknowledged no more, also where another one has its name:
the request is then refused, neither carried out again nor answered.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, Self, TypeVar, cast

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from sqlalchemy import Table, bindparam, delete, func, select, update

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.orm import ActivitySession, Idempotency
from activity_session_server.orm.types import RESOURCE_NAME_LEN, AnyRow, utc_now
from activity_session_server.rules import names, requests
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError, about
from activity_session_server.rules.names import Kind, uuid7_hex
from activity_session_server.rules.problems import shown
from activity_session_server.store.batches import fitting
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.readers import Raced, Reader, Writer, count_of

T = TypeVar("T")
A = TypeVar("A")

# The server's own ids serve only to settle a lost commit, which takes seconds.
_OWN_AGE = timedelta(minutes=15)

_TABLE = cast("Table", Idempotency.__table__)
_THIS = (Idempotency.scope == bindparam("its_scope")) & (Idempotency.request_id == bindparam("its_id"))
_FIND = Statement(
    select(
        Idempotency.fingerprint,
        Idempotency.answer,
        Idempotency.activity_session_pkid,
        ActivitySession.pkid.label("found"),
    )
    .outerjoin_from(Idempotency, ActivitySession, ActivitySession.pkid == Idempotency.activity_session_pkid)
    .where(_THIS)
)
# The migration to scopes within a namespace writes a claim of this id, which is forgotten when all older ones are.
_OLDER_CLAIMS = "scoped by namespace"
_OLDER = Statement(select(Idempotency.expire_ts).where(_THIS))
_RECORD = Statement(update(_TABLE).where(_THIS))
_AGE = Statement(select(Idempotency.create_ts, Idempotency.expire_ts).where(_THIS))
_TAKE_BACK = Statement(delete(_TABLE).where(_THIS, Idempotency.expire_ts == bindparam("its_end")))
_DUE = Statement(
    select(Idempotency.expire_ts, func.coalesce(func.length(Idempotency.answer), 0))
    .where(Idempotency.expire_ts <= utc_now())
    .order_by(Idempotency.expire_ts)
    .limit(bindparam("most"))
)
_COUNT_DUE = Statement(select(func.count()).where(Idempotency.expire_ts <= utc_now()))
_FORGET = Statement(delete(_TABLE).where(Idempotency.expire_ts <= bindparam("its_latest")))


class Record(NamedTuple, Generic[A]):
    """How the answer to a request is kept: what is written of it, and how the answer is made of that again.

    A request is carried out anew when its answer does not hold any more. `take_back` undoes a request whose answer
    nobody has got, if that `can_be_undone`.
    """

    write: Callable[[A], Message]
    read: Callable[[Writer, Any], A]
    holds: Callable[[Writer, A], bool] = lambda _, __: True
    can_be_undone: bool = False


WHOLE: Record[Any] = Record(lambda answer: answer, lambda _, kept: kept)


@dataclass
class Claim:
    """A request that is to be carried out once. `name` is that of its resource, where the id is the caller's."""

    scope: str
    request_id: str
    fingerprint: str
    by_caller: bool
    age: timedelta
    name: str = ""
    # Where an older version has claimed it; empty where there are no such claims any more.
    older_scope: str = ""
    # What the function returned, just before the commit, in each of its runs: any of them may be the one that counts.
    _answers: list[Any] = field(default_factory=list)

    @classmethod
    def of(cls, call: Call, request: Message | None, *, always: bool, has_older: bool) -> Self | None:
        """The claim of a request; None where it has no id and, unless `always`, needs none.

        `has_older`: there can be claims of an older version.
        """
        request_id: str = getattr(request, "request_id", "")
        if request is not None and request_id:
            fingerprint, name = _fingerprint(call.method, request), requests.resource_of(request)
            subject = call.caller.subject
            return cls(
                # Where nothing has a name yet, only the same request can share an id.
                scope=_scope(name or fingerprint, subject),
                request_id=request_id,
                fingerprint=fingerprint,
                by_caller=True,
                age=call.limits.request_id_age,
                name=name,
                # Older versions knew no subjects.
                older_scope=_older_scope(name) if has_older and not subject else "",
            )
        if always:
            return cls("", uuid7_hex(), "", by_caller=False, age=_OWN_AGE)
        return None

    def fulfil(self, writer: Writer, fn: Callable[[Writer], T], record: Record[T]) -> T:
        """Carry the request out, or return the answer that it got before.

        Raises:
            ServiceError: REQUEST_ID_REUSED, SESSION_NOT_FOUND.
        """
        if not self.by_caller:
            return self._settle(writer, fn)
        is_new = self._is_new(writer, self.fingerprint)
        earlier = self._find_older(writer) if is_new else self._find(writer)
        if earlier is not None:
            answer = record.read(writer, self._kept(earlier))
            if record.holds(writer, answer):
                if is_new:
                    self._keep(writer, record.write(answer))
                elif record.can_be_undone:
                    self._note_that_it_came_again(writer)
                return answer
            if not is_new:
                self._begin_anew(writer)
        answer = fn(writer)
        self._keep(writer, record.write(answer))
        return answer

    def _settle(self, writer: Writer, fn: Callable[[Writer], T]) -> T:
        """Carry the request out, unless one of the runs before was committed: the claim tells which."""
        if not self._is_new(writer, str(len(self._answers))):
            return cast("T", self._answers[int(self._find(writer).fingerprint)])
        answer = fn(writer)
        self._answers.append(answer)
        return answer

    def take_back(self, writer: Writer) -> bool:
        """Forget the request, so that it can be undone, unless its answer was returned once more."""
        row = writer.row(_AGE, self._key())
        if row is None or row.expire_ts != row.create_ts + self.age:
            return False
        return writer.change(_TAKE_BACK, {**self._key(), "its_end": row.expire_ts}) == 1

    def _begin_anew(self, writer: Writer) -> None:
        writer.change(_RECORD, {**self._key(), "create_ts": writer.now, "expire_ts": writer.now + self.age})

    def _note_that_it_came_again(self, writer: Writer) -> None:
        """Keep the answer longer than that of a request that came once, by which `take_back` knows it."""
        writer.change(_RECORD, {**self._key(), "expire_ts": writer.now + self.age})

    def _keep(self, writer: Writer, answer: Message) -> None:
        packed = AnyMessage()
        packed.Pack(answer)
        values = {"answer": packed.SerializeToString(), "activity_session_pkid": writer.session_uid}
        writer.change(_RECORD, {**self._key(), **values})

    def _key(self) -> dict[str, str]:
        return {"its_scope": self.scope, "its_id": self.request_id}

    def _is_new(self, writer: Writer, fingerprint: str) -> bool:
        return writer.insert(
            _TABLE,
            {
                "scope": self.scope,
                "request_id": self.request_id,
                "fingerprint": fingerprint,
                "create_ts": writer.now,
                "expire_ts": writer.now + self.age,
            },
        )

    def _find(self, writer: Writer) -> AnyRow:
        row = writer.row(_FIND, self._key())
        if row is None:  # it was forgotten in this moment
            raise Raced
        return row

    def _find_older(self, writer: Writer) -> AnyRow | None:
        """The same request as an older version has claimed it."""
        if not self.older_scope:
            return None
        row = writer.row(_FIND, {"its_scope": self.older_scope, "its_id": self.request_id})
        return row if row is not None and row.fingerprint == self.fingerprint else None

    def _kept(self, earlier: AnyRow) -> Message:
        if earlier.fingerprint != self.fingerprint:
            raise ServiceError(
                ErrorReason.ERROR_REASON_REQUEST_ID_REUSED,
                f"request_id: {shown(self.request_id)} was used for another request",
                logged="request_id: it was used for another request",
                metadata={"request_id": self.request_id},
            )
        uid = earlier.activity_session_pkid
        if uid and not earlier.found:
            raise about(
                Kind.SESSION,
                ErrorReason.ERROR_REASON_SESSION_NOT_FOUND,
                self.name,
                f"the session with the uid {uid}, for which the request was carried out, does not exist any more",
                uid=uid,
            )
        return _unpack(earlier.answer)


def take_back(writer: Writer, call: Call, request: Message) -> bool:
    """Forget a request that is about to be undone, since its caller cannot have got the answer.

    False where the request was carried out for another call too, which has got the answer.
    """
    claim = Claim.of(call, request, always=False, has_older=False)
    return claim is None or claim.take_back(writer)


def count_over(reader: Reader) -> int:
    """How many requests there are whose time is over."""
    return count_of(reader, _COUNT_DUE)


def forget_requests(writer: Writer, most: int) -> int:
    """Remove about `most` of the requests whose time is over, oldest first; fewer of large ones. Returns how many."""
    due = writer.rows(_DUE, {"most": most})
    if not due:
        return 0
    last = fitting(row[1] for row in due) - 1
    return writer.change(_FORGET, {"its_latest": due[last].expire_ts})


def older_claims_end(reader: Reader) -> datetime | None:
    """When the last claim of an older version, whose scope was the namespace, is forgotten; None if there is none."""
    row = reader.row(_OLDER, {"its_scope": "", "its_id": _OLDER_CLAIMS})
    return None if row is None else row.expire_ts


def _older_scope(name: str) -> str:
    return names.ids_of(name)[0] if name else ""


def _scope(name: str, subject: str) -> str:
    """What the ids of a caller are its own within: a resource, by its name where nobody can be told from others.

    A name has no NUL, so no two subjects and resources have the same text; a digest fits into the column.
    """
    text = f"{name}\0{subject}" if subject else name
    return hashlib.sha256(text.encode()).hexdigest() if subject or len(name) > RESOURCE_NAME_LEN else name


def _fingerprint(method: str, request: Message) -> str:
    text = method.encode() + b"\0" + request.SerializeToString(deterministic=True)
    return hashlib.sha256(text).hexdigest()


def _unpack(answer: bytes) -> Message:
    packed = AnyMessage.FromString(answer)
    descriptor = descriptor_pool.Default().FindMessageTypeByName(packed.TypeName())
    message = message_factory.GetMessageClass(descriptor)()
    packed.Unpack(message)
    return message
