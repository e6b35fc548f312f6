"""The roles of callers. Apart from `callers`, so that settings are read without loading gRPC."""

from enum import StrEnum


class Role(StrEnum):
    """What a caller may do in a namespace; each role may do all that those before it may."""

    READER = "reader"
    WRITER = "writer"
    ADMIN = "admin"
    SYSTEM = "system"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do all that another one may."""
        return _RANKS[self] >= _RANKS[other]


_RANKS = {role: rank for rank, role in enumerate(Role)}
