"""The table of locks between nodes."""

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import PKID_LEN, exact_string


class NodeLock(Base):
    """Locks between the nodes of a cluster: rows that calls write which exclude each other."""

    __tablename__ = "node_lock"
    __table_args__ = ({"comment": __doc__},)

    owner_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN),
        primary_key=True,
        comment="the namespace, participant or session that the calls are about",
    )
    stripe: Mapped[int] = mapped_column(
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="one of several rows, so that those who share the lock seldom meet",
    )
    writes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0", comment="counts the writes")
