"""Migrations in processes that are killed after a statement of our choice."""

import multiprocessing
import os
import re
import signal
from collections.abc import Collection
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import Engine, event

from activity_session_server.store import schema

_CHANGE = re.compile(r"\s*(CREATE|ALTER|DROP|RENAME|INSERT|UPDATE|DELETE)\b")
_SECONDS = 60
# Its processes begin as copies of one that has loaded all and does nothing, which takes no time.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__, "activity_session_server.store.migrating", "alembic.ddl.mysql", "pymysql"])


def migrate_killed(database_url: str, passed: Collection[str], changes: int) -> list[str]:
    """Migrate in a process that gets SIGKILL after so many changes that are not among `passed`.

    Returns these statements, or nothing when the migration came to its end.
    """
    ours, theirs = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=_migrate, args=(database_url, passed, changes, theirs))
    process.start()
    theirs.close()
    process.join(_SECONDS)
    statements: list[str] = ours.recv()
    ours.close()
    assert process.exitcode == (-signal.SIGKILL if statements else 0)
    return statements


def _migrate(database_url: str, passed: Collection[str], changes: int, report: Connection) -> None:
    new = []

    def on_execute(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if _CHANGE.match(statement) and statement not in passed:
            new.append(statement)
        if len(new) == changes:
            report.send(new)
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "after_cursor_execute", on_execute)
    schema.migrate_url(database_url)
    report.send([])
