"""The SQLSTATEs of PostgreSQL's errors, by what they mean. One that is not here is a mistake of ours."""

from activity_session_server.store.backends.backend import Code, Errors

# What the driver says without a response of the database: it could not connect, or the connection was closed.
NO_RESPONSE = "08000"
_CONNECTION = {NO_RESPONSE, "08001", "08003", "08004", "08006", "08007", "08P01"}
# An operator, a crash, a start, the end of the database.
_SHUTDOWN = {"57P01", "57P02", "57P03", "57P04"}
# The connection was idle for too long, in a transaction or outside of one.
_IDLE = {"57P05", "25P03", "25P04"}
_READ_ONLY = {"25006"}
_FULL = {"53100"}
_SMALL = {"53000", "53200", "53400"}
_DENIED = {"42501"}
_REFUSED = {"28000", "28P01", "3D000"}
_UNREADABLE = {"58000", "58030", "58P01", "58P02", "XX001", "XX002"}
_NO_ROOM = {"53300"}
_SENTENCES: dict[Code, str] = {
    **dict.fromkeys(_READ_ONLY, "the database is read-only"),
    **dict.fromkeys(_FULL, "the database's disk is full"),
    **dict.fromkeys(_SMALL, "the database has no memory left for this"),
    **dict.fromkeys(_DENIED, "the database refuses a right that the server needs"),
    **dict.fromkeys(_REFUSED, "the database refuses the server's account"),
    **dict.fromkeys(_UNREADABLE, "the database's files cannot be read or written"),
    **dict.fromkeys(_NO_ROOM, "the database has no connection left"),
}
ERRORS = Errors(
    # A conflict of transactions, a deadlock, a lock that others have, all connections in use.
    contention={"40001", "40P01", "55P03", *_NO_ROOM},
    unreachable=_CONNECTION | _SHUTDOWN | _IDLE | _READ_ONLY | _FULL | _SMALL | _DENIED | _REFUSED | _UNREADABLE,
    away=_CONNECTION | _SHUTDOWN,
    cut=_CONNECTION | _SHUTDOWN | _IDLE,
    # Canceled, as the driver's connection asks for when it is late.
    timeout={"57014"},
    denied=_DENIED,
    sentences=_SENTENCES,
)
