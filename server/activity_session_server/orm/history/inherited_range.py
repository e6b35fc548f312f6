"""The table of what forks show of other sessions."""

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import PKID_LEN, exact_string


class InheritedRange(Base):
    """Numbers of forks whose events are rows of other sessions. A number of a fork is in one range at most.

    The other session may be gone: its rows are there as long as a fork shows them.
    """

    __tablename__ = "inherited_range"
    __table_args__ = (
        Index("idx__inherited_range__source_pkid", "source_pkid"),
        {"comment": "Numbers of forks whose events are rows of other sessions."},
    )

    activity_session_pkid: Mapped[str] = mapped_column(exact_string(PKID_LEN), primary_key=True, comment="the fork")
    last_sequence: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="the last number of the range"
    )
    first_sequence: Mapped[int] = mapped_column(BigInteger, comment="the first number of the range")
    source_pkid: Mapped[str] = mapped_column(exact_string(PKID_LEN), comment="the session whose rows they are")
