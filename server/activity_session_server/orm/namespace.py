"""The table of namespaces."""

from typing import TYPE_CHECKING

from sqlalchemy import Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from activity_session_server.orm.base import Resource
from activity_session_server.orm.types import PydanticType
from activity_session_server.rules.namespace_settings import NamespaceResourceSettings

if TYPE_CHECKING:
    from activity_session_server.orm.activity_session import ActivitySession
    from activity_session_server.orm.participant import Participant


class Namespace(Resource):
    """Owners of participants and sessions."""

    __tablename__ = "namespace"
    __table_args__ = (
        UniqueConstraint("name", name="uc__namespace__name"),
        Index("idx__namespace__create_ts", "create_ts", "pkid"),
        Index("idx__namespace__update_ts", "update_ts", "pkid"),
        {"comment": __doc__},
    )

    settings: Mapped[NamespaceResourceSettings] = mapped_column(
        PydanticType(NamespaceResourceSettings),
        default=NamespaceResourceSettings,
        server_default=text("('{}')"),
        comment="what holds for all sessions of the namespace",
    )
    legal_hold: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="whether nothing of its sessions may be removed for good"
    )

    activity_sessions: Mapped[list["ActivitySession"]] = relationship(back_populates="namespace")
    participants: Mapped[list["Participant"]] = relationship(back_populates="namespace")
