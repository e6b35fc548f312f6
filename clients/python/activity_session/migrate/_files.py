"""SQLite files that are read from."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from activity_session.migrate._copying import SourceError


def read_only(path: str) -> sqlite3.Connection:
    """Open a file that is not written to.

    Raises:
        SourceError: there is none.
    """
    if not Path(path).is_file():
        raise SourceError(f"there is no file {path!r}")
    return sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, check_same_thread=False)
