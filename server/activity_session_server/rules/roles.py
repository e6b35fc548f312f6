"""What callers may do. Apart from `calls`, so that settings are read without loading gRPC."""

from enum import StrEnum


class Role(StrEnum):
    """What a caller may do: the system role is needed for managed resources."""

    ADMIN = "admin"
    SYSTEM = "system"
