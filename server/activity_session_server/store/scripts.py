"""Migrations as SQL, for an administrator who runs it instead of `migrate`."""

import io
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event

from activity_session_server.store import migrating
from activity_session_server.store.backends import EngineOptions, backend_of, open_engine
from activity_session_server.store.revisions import NEWEST, SchemaError

EMPTY = "empty"


def script(engine: Engine, before: str | None) -> str:
    """SQL that brings a database from a revision, None for one that is empty, to the newest schema.

    Nothing is connected: the engine says which SQL its database speaks.

    Raises:
        SchemaError: no such revision is known, or rows have to be made anew by this program.
    """
    migrating.refuse_unknown(before)
    if before == NEWEST:
        return f"-- The schema is {NEWEST} already: there is nothing to do.\n"
    _refuse_copies(before)
    needs = backend_of(engine).scripts
    head = [
        f"-- activity-session: schema {before or EMPTY} -> {NEWEST}, for {engine.dialect.name}.",
        f"-- Stop all servers, then run it once by a client that stops at the first error: {needs.client}",
    ]
    statements = _recorded(before) if needs.copies_tables else _printed(engine, before)
    return "\n".join(part for part in (*head, needs.begin, statements, needs.end) if part) + "\n"


def _refuse_copies(before: str | None) -> None:
    due = ScriptDirectory.from_config(migrating.config()).iterate_revisions("head", before or "base")
    for step in due:
        if before in getattr(step.module, "copies_rows_since", ()):
            raise SchemaError(
                f"from the schema {before} to {NEWEST}, the step {step.revision} makes rows anew, which SQL cannot do:"
                " run activity-session migrate"
            )


def _printed(engine: Engine, before: str | None) -> str:
    """The statements as Alembic prints them, for a database that it does not see."""
    output = io.StringIO()
    config = migrating.config(output)
    config.attributes["url"] = engine.url.render_as_string(hide_password=False)
    command.upgrade(config, f"{before or 'base'}:head", sql=True)
    return output.getvalue().strip()


def _recorded(before: str | None) -> str:
    """The statements that migrate an SQLite database in memory, which has the schema of that revision and no rows."""
    engine = open_engine("sqlite:///:memory:", EngineOptions(timeout=1, synchronous="OFF"))
    statements: list[str] = []
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        if before is not None:
            command.upgrade(migrating.config_on(connection), before)

        @event.listens_for(connection, "before_cursor_execute")
        def record(_c: Connection, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
            if not statement.lstrip().startswith(("SELECT", "PRAGMA")):
                if values:
                    raise AssertionError(f"the values of a migration must stand in its statement: {statement}")
                statements.append(f"{statement.strip()};")

        command.upgrade(migrating.config_on(connection), "head")
    engine.dispose()
    return "\n\n".join(statements)
