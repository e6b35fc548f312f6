"""The table of numbers that lists leave out."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import PKID_LEN, exact_string


class HiddenRange(Base):
    """Numbers of a session that lists leave out: superseded events, and marks. No two ranges meet or touch.

    It follows from `EventMark`, and is there so that a list need not work it out.
    """

    __tablename__ = "hidden_range"
    __table_args__ = ({"comment": "Numbers of events that lists leave out, as ranges that neither meet nor touch."},)

    activity_session_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN), primary_key=True, comment="the session it belongs to"
    )
    last_sequence: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="the last number of the range"
    )
    first_sequence: Mapped[int] = mapped_column(BigInteger, comment="the first number of the range")
