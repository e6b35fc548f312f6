"""The table of the owners of state."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import PKID_LEN, exact_string


class StateOwner(Base):
    """Resources that have state: a row that the writers of new keys meet in."""

    __tablename__ = "state_owner"
    __table_args__ = ({"comment": __doc__},)

    owner_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN), primary_key=True, comment="the namespace, participant or session"
    )
    additions: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="counts the writes that have added keys"
    )
    revision: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="new keys have larger ones"
    )
