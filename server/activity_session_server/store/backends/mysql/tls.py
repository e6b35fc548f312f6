"""PyMySQL's connection with one TLS context for all, since each that is made takes 19 ms of CPU.

Certificates are therefore read once: new ones need a restart. A package that an account needs, and that is missing, is
an error of the database like others, and not one of Python.
"""

import re
from typing import Any, ClassVar

from pymysql import OperationalError
from pymysql.connections import Connection
from pymysql.constants import CR

# By PyMySQL's name for it, in its only errors that have no number.
_PACKAGES = {"pynacl": "PyNaCl", "cryptography": "cryptography"}


class SharingConnection(Connection):  # type: ignore[misc]  # it ships no types
    """A connection that takes its context from an earlier one with the same options."""

    # By options. Without a lock: threads that miss one at the same time make equal ones, and the last is kept.
    _contexts: ClassVar[dict[str, Any]] = {}

    def _create_ssl_ctx(self, sslp: Any) -> Any:
        options = repr(sslp)
        if options not in self._contexts:
            self._contexts[options] = super()._create_ssl_ctx(sslp)
        return self._contexts[options]

    def _request_authentication(self) -> None:
        try:
            super()._request_authentication()
        except RuntimeError as error:
            match = re.match(r"'(\w+)' package is required", str(error))
            if match is None or match[1] not in _PACKAGES:
                raise
            package = _PACKAGES[match[1]]
            message = f"the account needs the Python package {package}: pip install {package}"
            raise OperationalError(CR.CR_AUTH_PLUGIN_CANNOT_LOAD, message) from error
