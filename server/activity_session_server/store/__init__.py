"""All that knows SQL: the machine that runs functions in transactions, its queries, and the migrations.

May import the tables and the rules; not gRPC. The machine knows no query: `queries` stands above it.
"""

from activity_session_server.store.readers import Raced, Reader, Writer
from activity_session_server.store.store import Store

__all__ = ["Raced", "Reader", "Store", "Writer"]
