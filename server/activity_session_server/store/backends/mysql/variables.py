"""What a connection to MariaDB or MySQL sets for itself, so that no global setting of the server does harm.

All of these may be set by every user. What only an administrator may set is looked at before serving.
"""

import contextlib
from typing import Any

from activity_session_server.store.backends.engines import IDLE, IS_ON_CLUSTER

# InnoDB checks once a second whether a wait for a lock is over, and later while the machine is busy; only then a
# statement is ended for being slow.
_LONGER_THAN_A_LOCK_WAIT = 2.5
_SETTINGS = {
    # MySQL says when it connects that this is on, whatever it is.
    "autocommit": "1",
    "time_zone": "'+00:00'",
    # Values that do not fit are errors, not silently cut.
    "sql_mode": "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO'",
    # All rows of a result; DEFAULT would be the global value.
    "sql_select_limit": "18446744073709551615",
    # The members of a session come as one JSON text.
    "group_concat_max_len": "16777216",
    # A sort takes rows with their texts, and names of up to 1020 bytes whole.
    "sort_buffer_size": "2097152",
    "max_sort_length": "1024",
    # Queries are not refused for the number of rows that they may look at, nor changes for having no key.
    "sql_big_selects": "1",
    "sql_safe_updates": "0",
    # IS NULL finds nothing else.
    "sql_auto_is_null": "0",
    # A COMMIT begins no other transaction, and closes no connection.
    "completion_type": "0",
    "foreign_key_checks": "1",
    "unique_checks": "1",
    "wait_timeout": str(IDLE),
    # Of Alembic's table; the others say it themselves. The names in what SQLAlchemy reads of tables are quoted.
    "default_storage_engine": "InnoDB",
    "sql_quote_show_create": "1",
}
_MARIADB_SETTINGS = {
    # On Galera, reads wait until they see what was committed before, on any node, and a node without its cluster
    # returns nothing; tables are changed on all nodes.
    "wsrep_sync_wait": "1",
    "wsrep_dirty_reads": "0",
    "wsrep_OSU_method": "TOI",
}


def configure(connection: Any, record: Any, timeout: int) -> None:
    """Set them on the driver's new connection; `timeout` is how many seconds a statement may take, or wait."""
    is_mariadb = "mariadb" in connection.get_server_info().lower()
    with connection.cursor() as cursor:
        # Every read-then-write takes a row lock or compares a revision, so snapshots would only add conflicts.
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE")
        settings = _SETTINGS | _times(timeout, is_mariadb=is_mariadb) | (_MARIADB_SETTINGS if is_mariadb else {})
        cursor.execute("SET SESSION " + ", ".join(f"{name} = {value}" for name, value in settings.items()))
        cursor.execute(f"SELECT {'@@wsrep_on' if is_mariadb else 0}, @@log_bin, @@binlog_format")
        is_on_cluster, has_log, log_format = cursor.fetchone()
        record.info[IS_ON_CLUSTER] = bool(is_on_cluster)
        if has_log and log_format == "STATEMENT":
            # With this format InnoDB refuses writes in READ COMMITTED. Few users may change it.
            with contextlib.suppress(connection.OperationalError):
                cursor.execute("SET SESSION binlog_format = 'ROW'")


def _times(timeout: int, *, is_mariadb: bool) -> dict[str, str]:
    """How long a statement waits for locks of rows, 50 s by default, and takes at most.

    Waits for locks of tables are left as they are: a COMMIT that waits for a backup must not be refused.
    """
    most = timeout + _LONGER_THAN_A_LOCK_WAIT
    return {
        "innodb_lock_wait_timeout": str(timeout),
        **({"max_statement_time": str(most)} if is_mariadb else {"max_execution_time": str(int(1000 * most))}),
    }
