"""PyMySQL's connection with one TLS context for all, since each that is made takes 19 ms of CPU.

Certificates are therefore read once: new ones need a restart.
"""

from typing import Any, ClassVar

from pymysql.connections import Connection


class SharingConnection(Connection):  # type: ignore[misc]  # it ships no types
    """A connection that takes its context from an earlier one with the same options."""

    # By options. Without a lock: threads that miss one at the same time make equal ones, and the last is kept.
    _contexts: ClassVar[dict[str, Any]] = {}

    def _create_ssl_ctx(self, sslp: Any) -> Any:
        options = repr(sslp)
        if options not in self._contexts:
            self._contexts[options] = super()._create_ssl_ctx(sslp)
        return self._contexts[options]
