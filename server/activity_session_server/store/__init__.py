"""All that knows SQL: the engine, transactions, queries and migrations.

Queries are functions over a `Reader` or a `Writer`, in one file per resource, named after the RPCs that need them. They
take and answer messages; rows do not leave this package.
"""

from activity_session_server.store.readers import Raced, Reader, Writer
from activity_session_server.store.store import Store

__all__ = ["Raced", "Reader", "Store", "Writer"]
