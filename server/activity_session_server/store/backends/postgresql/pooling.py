"""Poolers between the server and PostgreSQL, such as PgBouncer: whether a connection keeps its session.

Settings and prepared statements belong to a session. A pooler that lends sessions for a transaction at a time mixes up
those of all its clients (`pool_mode`, https://www.pgbouncer.org/config.html).
"""

from typing import Any

from sqlalchemy import Connection, Engine, text


def is_pooled(connection: Connection) -> bool:
    """Whether a pooler is between: it has numbers of its own for connections, by which they are canceled."""
    driver_connection: Any = connection.connection.driver_connection
    number: int = driver_connection.info.backend_pid
    return number != _session(connection)


def keeps_sessions(engine: Engine) -> bool:
    """Whether two connections have the same sessions after a transaction as in it.

    Sessions are given back in both orders: a pooler lends what came back last, or first.
    """
    with engine.connect() as first, engine.connect() as second:
        for order in ((first, second), (second, first)):
            for connection in (first, second):
                connection.exec_driver_sql("BEGIN")
            session, _ = _session(first), _session(second)
            for connection in order:
                connection.exec_driver_sql("ROLLBACK")
            if _session(first) != session:
                return False
    return True


def _session(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)
