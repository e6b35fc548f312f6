"""The table of conflicts."""

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import PKID_LEN, exact_string


class Conflict(Base):
    """Rows that calls write whose outcomes exclude each other, so that nodes of a cluster notice it."""

    __tablename__ = "conflict"
    __table_args__ = ({"comment": __doc__},)

    owner_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN),
        primary_key=True,
        comment="the namespace, participant or session that both calls are about",
    )
    stripe: Mapped[int] = mapped_column(
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="the row of several, so that calls of one kind seldom meet",
    )
    writes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0", comment="counts the writes")
