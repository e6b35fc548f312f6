"""What all engines are made with: how connections are made, and why each setting is what it is.

Connections are in autocommit mode: a read is one statement and costs one round trip, and a write says BEGIN and COMMIT
itself (`store.store`). So nothing is left to roll back when a connection is given back.
"""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy.pool import NullPool


@dataclass(frozen=True)
class EngineOptions:
    """What an engine is made with. `timeout` is in seconds.

    `max_clock_offset` is by how many seconds the clocks of the database's nodes may differ.
    """

    timeout: int
    synchronous: str
    max_clock_offset: float = 0


# What is known of a connection, in its `info`: whether it goes to a node of a cluster that takes writes on several.
IS_ON_CLUSTER = "is_on_cluster"
# Seconds. That a statement was ended for being slow must arrive as an error, not as a lost connection.
LONGER_THAN_A_STATEMENT = 3
# Seconds after which a database may close a connection that is idle. `connections` does not use it for so long.
IDLE = 600
# Seconds that another process may migrate a database; a step over a large table takes its time.
LONGEST_MIGRATION = 600


def common_arguments() -> dict[str, Any]:
    """The arguments of every engine."""
    return {
        "poolclass": NullPool,
        "isolation_level": "AUTOCOMMIT",
        # Both save a ROLLBACK when a connection closes: its transactions have all ended.
        "pool_reset_on_return": None,
        "skip_autocommit_rollback": True,
        # Values are conversations of users, which do not belong in logs.
        "hide_parameters": True,
        "json_serializer": compact_json,
        "json_deserializer": orjson.loads,
    }


def compact_json(value: Any) -> str:
    """JSON for a column: characters as they are, since MySQL's functions read escapes differently."""
    return orjson.dumps(value).decode()
