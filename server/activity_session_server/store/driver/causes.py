"""What a database has said: a sentence for the caller, and for the log the number and the text of the error.

The text holds no statement and no value of one: those are in the errors that are mistakes of the server's own.
"""

import sqlite3

from activity_session_server.store.driver.backends import driver_error, error_number
from activity_session_server.store.driver.sqlite_files import FileError

_READ_ONLY = "the database is read-only"
_FULL = "the database's disk is full"
_SMALL = "the database has no memory left for this"
_DENIED = "the database refuses a right that the server needs"
_REFUSED = "the database refuses the server's account"
_NO_ROOM = "the database has no connection left"
_OF_SQLITE = {
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: "the database's file cannot be read or written",
    sqlite3.SQLITE_CANTOPEN: "the database's file cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the database's file is damaged",
    sqlite3.SQLITE_NOTADB: "the database's file is damaged, or no database",
}
_OF_MYSQL = {
    # Modes of the server, and a lock on all tables.
    **dict.fromkeys((1223, 1290, 1792, 1836), _READ_ONLY),
    **dict.fromkeys((1021, 1114), _FULL),
    **dict.fromkeys((1037, 1038, 1041, 1197, 1206), _SMALL),
    # 1227 is a right of administrators, 1370 one to run a function.
    **dict.fromkeys((1142, 1143, 1227, 1370), _DENIED),
    **dict.fromkeys((1044, 1045, 1049, 1130, 1524, 1698, 1820, 1862, 2059, 3118, 3955, 4151), _REFUSED),
    **dict.fromkeys((1040, 1203, 1226), _NO_ROOM),
    1180: "the database could not commit",
    3032: "the database is in offline mode",
    3159: "the database refuses connections without TLS",
}
_AWAY = "the database cannot be reached"


def sentence(error: BaseException) -> str:
    """Why a database that would serve the call later does not serve it now."""
    if isinstance(error, FileError):
        return str(error)
    found = _OF_SQLITE if isinstance(driver_error(error), sqlite3.Error) else _OF_MYSQL
    return found.get(error_number(error), _AWAY)


def cause(error: BaseException) -> str:
    """The number and the text of an error of the driver; of another one, its type and text."""
    found = driver_error(error)
    if isinstance(found, FileError):
        return str(found)
    if isinstance(found, sqlite3.Error):
        return f"{getattr(found, 'sqlite_errorname', 'sqlite3')}: {found}"
    if error_number(found) >= 0 and not isinstance(found, OSError):
        return f"{found.args[0]}: {' '.join(map(str, found.args[1:]))}"
    return f"{type(found).__name__}: {found}"
