"""PostgreSQL, by psycopg."""

import contextlib
import logging
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text

from activity_session_server.store.backends import engines
from activity_session_server.store.backends.backend import Backend, Code, Scripts, Signals, driver_error
from activity_session_server.store.backends.engines import EngineOptions, common_arguments
from activity_session_server.store.backends.postgresql import (
    errors,
    pooling,
    sql,  # noqa: F401 - being imported is what it is for
)
from activity_session_server.store.backends.postgresql.signals import PostgreSQLSignals
from activity_session_server.store.revisions import SchemaError

# By which processes that migrate the same database know each other; advisory locks are of one database.
LOCK = 4_107_392_518_806_331_205
# Seconds by which a statement may be longer than the wait for a lock in it.
_LONGER_THAN_A_LOCK_WAIT = 1.5
_LOCK_NOT_AVAILABLE = "55P03"
_log = logging.getLogger("activity_session.schema")


class PostgreSQL(Backend):
    """A database of a server.

    In READ COMMITTED a statement sees what was committed before it began. A row that it locks and had to wait for is
    read again; what it reads beside that is not, so that a second statement reads it.
    """

    reads_before_it_locks = True
    version = "current_setting('server_version')"
    dump = "pg_dump --format=custom"
    snapshot = (
        "SET idle_in_transaction_session_timeout = 0",
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    )
    scripts = Scripts("psql --set=ON_ERROR_STOP=1 DATABASE")
    errors = errors.ERRORS

    @staticmethod
    def open_engine(url: URL, options: EngineOptions) -> Engine:
        """An engine for a URL; nothing is connected yet."""
        arguments = common_arguments()
        # Parameters by position, as `statements` gives them.
        arguments["paramstyle"] = "format"
        arguments["use_native_hstore"] = False
        arguments["connect_args"] = {
            "client_encoding": "utf8",
            "connect_timeout": max(2, min(3, options.timeout)),
            "autocommit": True,
        }
        engine = create_engine(url, **arguments)
        event.listen(engine, "do_connect", _connect)
        event.listen(engine, "connect", partial(_configure, timeout=options.timeout), insert=True)
        return engine

    def code(self, error: Any) -> Code:
        """The SQLSTATE of an error."""
        found = driver_error(error)
        state: str | None = getattr(found, "sqlstate", None)
        if state is None and isinstance(found, self.driver.OperationalError):
            return errors.NO_RESPONSE
        return state or ""

    def _said(self, error: Any) -> str:
        if not isinstance(error, self.driver.Error):
            return ""
        # Without the lines that quote a statement or a value.
        said = error.diag.message_primary or str(error)
        return f"{error.sqlstate}: {said}" if error.sqlstate else " ".join(said.split())

    def prepare(self, connection: Any, remaining: Callable[[], float]) -> Any:
        """A cursor that gets results in the binary format, of which bytes and times take less to read."""
        connection.remaining = remaining
        return connection.cursor(binary=True)

    def commit(self, cursor: Any) -> None:
        """Commit, and see that it has happened: after an error in the transaction PostgreSQL rolls back, and says so.

        It is never canceled: where it waits for a standby, PostgreSQL would respond as if that had confirmed it.
        """
        with cursor.connection.uncanceled():
            cursor.execute("COMMIT")
        if cursor.statusmessage != "COMMIT":
            raise AssertionError(f"COMMIT has led to {cursor.statusmessage}")

    def signals(self, receive: Callable[[Collection[str]], None]) -> Signals:
        """Signals by LISTEN and NOTIFY."""
        return PostgreSQLSignals(self.engine, receive)

    def check_settings(self, connection: Connection, request_bytes: int) -> None:
        """Refuse an encoding that lacks characters, and a pooler that does not keep sessions."""
        del request_bytes
        encoding = connection.scalar(text("SELECT current_setting('server_encoding')"))
        if encoding != "UTF8":
            raise SchemaError(
                f"the encoding of the database is {encoding}: make one by CREATE DATABASE with ENCODING 'UTF8'"
            )
        if pooling.is_pooled(connection) and not pooling.keeps_sessions(self.engine):
            raise SchemaError(
                "a pooler before the database lends its connections for a transaction at a time, which mixes up their"
                " settings: let it lend them for a session (in PgBouncer pool_mode = session)"
            )

    @contextlib.contextmanager
    def migrating(self, connection: Connection) -> Iterator[None]:
        """All steps or none, and a lock for as long as they take."""
        connection.exec_driver_sql("BEGIN")
        try:
            _lock(connection)
            yield
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")

    def grant(self, connection: Connection, rights: Collection[str]) -> str:
        """GRANT for all tables of the schema."""
        user, schema = connection.execute(text("SELECT quote_ident(current_user), quote_ident(current_schema)")).one()
        return f"GRANT {', '.join(rights)} ON ALL TABLES IN SCHEMA {schema} TO {user}"


def _lock(connection: Connection) -> None:
    if connection.scalar(text(f"SELECT pg_try_advisory_xact_lock({LOCK})")):
        return
    longest = engines.LONGEST_MIGRATION
    _log.warning("another process migrates the database; waiting for it for up to %d s", longest)
    # 0 would mean no limit.
    connection.execute(text(f"SET LOCAL lock_timeout = {max(1, longest * 1000)}"))
    try:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
    except Exception as error:
        if getattr(driver_error(error), "sqlstate", "") != _LOCK_NOT_AVAILABLE:
            raise
        raise SchemaError(
            f"another process has been migrating the database for {longest} s: run this again when it is done"
        ) from error


def _connect(_dialect: Any, _record: Any, arguments: Any, named: dict[str, Any]) -> Any:
    # The driver is loaded only when it is needed: it takes some MiB.
    from activity_session_server.store.backends.postgresql.connections import PunctualConnection

    return PunctualConnection.connect(*arguments, **named)


def _configure(connection: Any, _record: Any, timeout: int) -> None:
    """Set what no setting of the server, the database or the user may change.

    Every read-then-write takes a row lock or compares a revision, so snapshots of whole transactions would only add
    conflicts: each row that had changed before it was locked would be one.
    """
    settings = {
        "default_transaction_isolation": "'read committed'",
        "default_transaction_read_only": "off",
        "TimeZone": "'UTC'",
        "lock_timeout": str(1000 * timeout),
        # Ends what the connection could not cancel.
        "statement_timeout": str(int(1000 * (timeout + _LONGER_THAN_A_LOCK_WAIT))),
        # What a server that was stopped in a transaction has locked is free again.
        "idle_in_transaction_session_timeout": str(1000 * (timeout + engines.LONGER_THAN_A_STATEMENT)),
        "idle_session_timeout": str(1000 * engines.IDLE),
        # It takes longer to compile than any of our statements takes to run.
        "jit": "off",
    }
    connection.execute("; ".join(f"SET {name} = {value}" for name, value in settings.items()))
    connection.remaining = lambda: float(timeout)
