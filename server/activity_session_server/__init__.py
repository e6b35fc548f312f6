"""Activity Session: the session service for multi-party agent systems.

The path of a request, there and back:

1. A call waits for a thread, in turns with those of other callers (`live.pools`). `rpc.handlers` gives the bytes of its
   request to the edge (`rpc.edge`), which makes a `Call` (id, deadline), finds out who makes it (`rpc.authentication`),
   counts the fields of a long request (`rpc.wire`), and checks it against the protos' annotations and the limits
   (`rpc.validation`).
2. `usecases.authorization` looks whether that caller may make the call (`rules.access.permissions`); the quotas of the
   caller are judged before, those of the namespace after that (`live.quotas`). `rpc.routes` says which use case serves
   the RPC; the handler calls it.
3. The use case (`usecases`) holds the rule, and the function that runs in one transaction, which it gives to
   `store.read` or `store.write`. What is true without a database stands in `rules`.
4. The store begins, runs the function, commits, on SQLite together with others that wait (`store.commits`), and runs it
   again where others were in the way. The function calls the queries (`store.queries`), which know the tables of
   `orm`, and take and give messages.
5. On the way back the edge turns an error into a status (`rpc.status`) and logs the call (`rpc.call_log`).

Two calls get their response later, by a `Stream`: WatchSession (`live.watches`) and an AcquireTurn that waits
(`live.turn_queues`). Both follow a session by its feed (`live.feeds`): after each commit, and at each tick, one thread
looks for what is new, and a few others (`live.jobs`) send it.

Over HTTP the path is the same, between other ends (`http`): a JSON request becomes a message in step 1, where the edge
reads it.

`app.App` joins all of it; tests call it too.
"""

from importlib.metadata import version

__version__ = version("activity-session-server")
