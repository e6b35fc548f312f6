"""The table of former members."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import PKID_LEN, exact_string


class FormerMember(Base):
    """Participants that have left sessions, with what is theirs again when they are bound again."""

    __tablename__ = "former_member"
    __table_args__ = ({"comment": __doc__},)

    activity_session_pkid: Mapped[str] = mapped_column(exact_string(PKID_LEN), primary_key=True, comment="the session")
    participant_pkid: Mapped[str] = mapped_column(exact_string(PKID_LEN), primary_key=True, comment="the participant")
    last_read_sequence: Mapped[int] = mapped_column(BigInteger, comment="number of the last event it has read")
