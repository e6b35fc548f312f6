"""Activity Session: the session service for multi-party agent systems.

The path of a request, there and back:

1. `rpc.interceptor` takes the bytes, makes a `Call` of them (id, role, deadline), checks the request against the
   protos' annotations and the limits (`rpc.validation`), and hands both to the servicer.
2. The servicer in `rpc` is one statement: it calls the use case of the same name.
3. The use case (`sessions`, `events`, `states`, `turns`, `memories`, `memberships`, `participants`, `namespaces`) holds
   the rule, and says what happens in one transaction: a function that it gives to `store.read` or `store.write`.
4. The store begins, runs the function, commits, on SQLite together with others that wait (`store.commits`), and runs it
   again where the database asks for that. The function calls the queries in `store`, which know the tables of `orm` and
   answer messages.
5. On the way back the interceptor turns errors into statuses (`rpc.status`) and notes the call for the log
   (`rpc.call_log`), which is written behind it.

Two calls are answered later, by a `Stream`: WatchSession (`watching`) and an AcquireTurn that waits (`waiting`). Both
follow a session by its feed (`feeds`): after each commit, and at each tick, one thread looks what is new, and a few
others (`jobs`) send it.

`app.App` joins all of it; tests call it too.
"""

from importlib.metadata import version

__version__ = version("activity-session-server")
