"""The table of marks."""

from sqlalchemy import BigInteger, false
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import PKID_LEN, exact_string


class EventMark(Base):
    """Marks: events that take others out of view, a row for each range that one covers."""

    __tablename__ = "event_mark"
    __table_args__ = ({"comment": __doc__},)

    activity_session_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN), primary_key=True, comment="the session it belongs to"
    )
    sequence: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="the number of the mark"
    )
    first_sequence: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="the first number that it covers"
    )
    last_sequence: Mapped[int] = mapped_column(BigInteger, comment="the last number of that range")
    holds: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="whether the mark is not superseded itself"
    )
