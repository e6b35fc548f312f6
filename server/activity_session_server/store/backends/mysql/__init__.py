"""MariaDB and MySQL, also where several nodes of them are a Galera cluster. To SQLAlchemy these are two dialects."""

import contextlib
import logging
import re
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text

from activity_session_server.store.backends import engines
from activity_session_server.store.backends.backend import Backend, Code, Scripts, driver_error
from activity_session_server.store.backends.engines import EngineOptions, common_arguments
from activity_session_server.store.backends.mysql import (
    errors,
    sql,  # noqa: F401 - being imported is what it is for
    tls_options,
    variables,
)
from activity_session_server.store.revisions import SchemaError

# The protocol's number of the type DATETIME.
_DATETIME = 12
# The name of the lock of migrations, in SQL. Locks have names of at most 64 characters, and are of the whole server.
LOCK = "LEFT(CONCAT('activity-session migrates ', DATABASE()), 64)"
_log = logging.getLogger("activity_session.schema")


class MySQL(Backend):
    """A database of a server, or of the nodes of a cluster."""

    # Without the hint it reads a whole list up to the place of a page, when it expects few rows there.
    index_hint = "FORCE INDEX ({})"
    dump = "mariadb-dump --single-transaction"
    snapshot = (
        "SET SESSION wait_timeout = 31536000",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    )
    # Times are UTC, and a client has a zone of its own.
    scripts = Scripts("mariadb DATABASE", begin="SET NAMES utf8mb4;\nSET time_zone = '+00:00';")
    errors = errors.ERRORS

    @staticmethod
    def open_engine(url: URL, options: EngineOptions) -> Engine:
        """An engine for a URL; nothing is connected yet."""
        arguments = common_arguments()
        # Parameters by position, as `statements` gives them; by default PyMySQL takes them by name.
        arguments["paramstyle"] = "format"
        arguments["connect_args"] = {
            "charset": "utf8mb4",
            # Literals are compared code point by code point, as columns are.
            "collation": "utf8mb4_bin",
            "connect_timeout": min(3, options.timeout),
            # By default the drivers wait for ever for a frozen server.
            "read_timeout": options.timeout + engines.LONGER_THAN_A_STATEMENT,
            "write_timeout": options.timeout,
            "autocommit": True,
            **_driver_arguments(url.get_driver_name()),
        }
        engine = create_engine(url, **arguments)
        event.listen(engine, "do_connect", partial(_connect, tls_options.arguments(url)))
        # Before SQLAlchemy, which reads the mode and other settings of the first connection.
        event.listen(engine, "connect", partial(variables.configure, timeout=options.timeout), insert=True)
        return engine

    def code(self, error: Any) -> Code:
        """The number of an error."""
        arguments = getattr(driver_error(error), "args", ())
        return arguments[0] if arguments and isinstance(arguments[0], int) else -1

    def _said(self, error: Any) -> str:
        if self.code(error) == -1 or isinstance(error, OSError):
            return ""
        return f"{error.args[0]}: {' '.join(map(str, error.args[1:]))}"

    def within(self, statement: str, seconds: float) -> str:
        """A statement that MariaDB ends after so many seconds; MySQL can do so with queries only."""
        # 0 would mean no limit.
        milliseconds = max(1, int(seconds * 1000))
        dialect: Any = self.engine.dialect
        if dialect.is_mariadb:
            return f"SET STATEMENT max_statement_time={milliseconds / 1000} FOR {statement}"
        return re.sub(r"^SELECT\b", f"SELECT /*+ MAX_EXECUTION_TIME({milliseconds}) */", statement)

    def check_settings(self, connection: Connection, request_bytes: int) -> None:
        """Refuse small packets, and a log of changes that cannot hold them."""
        (settings,) = connection.execute(text("SELECT @@max_allowed_packet, @@log_bin, @@binlog_format"))
        packet, has_log, log_format = settings
        # Statements hold the values of a request, escaped; beyond it the server closes the connection.
        if packet < 2 * request_bytes:
            raise SchemaError(
                f"max_allowed_packet is {packet}, which is too small for requests of {request_bytes}"
                f" bytes: set it to {2 * request_bytes} at least"
            )
        if has_log and log_format == "STATEMENT":
            raise SchemaError(
                "binlog_format is STATEMENT, with which no transaction in READ COMMITTED can write:"
                " set it to ROW or MIXED, or grant the user BINLOG ADMIN (SYSTEM_VARIABLES_ADMIN on MySQL)"
            )

    @contextlib.contextmanager
    def migrating(self, connection: Connection) -> Iterator[None]:
        """A lock that the connection keeps for as long as it lasts; on Galera it is of one node."""
        longest = engines.LONGEST_MIGRATION
        if not _locked(connection, 0):
            _log.warning("another process migrates the database; waiting for it for up to %d s", longest)
            if not _locked(connection, longest):
                holder = connection.scalar(text(f"SELECT IS_USED_LOCK({LOCK})"))
                raise SchemaError(
                    f"another process has been migrating the database for {longest} s, on its connection {holder}:"
                    " run this again when it is done"
                )
        yield
        # After an error the connection is closed.
        connection.execute(text(f"DO RELEASE_LOCK({LOCK})"))

    def grant(self, connection: Connection, rights: Collection[str]) -> str:
        """GRANT for all tables of the database."""
        user, _, host = str(connection.scalar(text("SELECT CURRENT_USER()"))).rpartition("@")
        return f"GRANT {', '.join(rights)} ON `{self.engine.url.database}`.* TO '{user}'@'{host}'"


def _locked(connection: Connection, seconds: int) -> bool:
    return bool(connection.scalar(text(f"SELECT GET_LOCK({LOCK}, {seconds})")))


def _connect(tls: dict[str, Any], dialect: Any, _record: Any, arguments: Any, named: dict[str, Any]) -> Any:
    named = {name: value for name, value in named.items() if not name.startswith("ssl")} | tls
    if dialect.driver == "mysqldb":
        return dialect.loaded_dbapi.connect(*arguments, **named)
    from activity_session_server.store.backends.mysql.tls import SharingConnection

    return SharingConnection(*arguments, **named)


def _driver_arguments(driver: str) -> dict[str, Any]:
    """The arguments of one driver alone. Drivers are loaded only when they are needed: they take some MiB."""
    # The drivers' own converters of times take several times as long.
    times = {_DATETIME: datetime.fromisoformat}
    if driver == "mysqldb":
        from MySQLdb.converters import conversions

        # No text can smuggle in a second statement.
        return {"conv": conversions | times, "multi_statements": False}
    from pymysql.converters import conversions

    return {"conv": conversions | times}
