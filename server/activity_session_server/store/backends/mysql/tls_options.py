"""What a URL says of TLS, as its driver takes it.

SQLAlchemy passes on a part of these options, and PyMySQL drops the CA where it comes beside one of the others.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL
from sqlalchemy.util import asbool

_FILES = ("ca", "capath", "cert", "key", "cipher")


def arguments(url: URL) -> dict[str, Any]:
    """The arguments of the driver for TLS; none where the URL says nothing of it.

    With a CA, the server's certificate must be of that CA, and of the host unless the URL says otherwise.
    """
    options: Mapping[str, Any] = url.query
    files = {name: options[f"ssl_{name}"] for name in _FILES if f"ssl_{name}" in options}
    has_ca = "ca" in files or "capath" in files
    of_host = has_ca and _is_on(options, "ssl_verify_identity") and _is_on(options, "ssl_check_hostname")
    make = _of_mysqlclient if url.get_driver_name() == "mysqldb" else _of_pymysql
    return make(options, files, has_ca=has_ca, of_host=of_host)


def _of_pymysql(options: Mapping[str, Any], files: dict[str, Any], *, has_ca: bool, of_host: bool) -> dict[str, Any]:
    if _is_on(options, "ssl_disabled", default=False):
        return {"ssl_disabled": True}
    # Without a CA of its own, by those of the system.
    is_verified = _is_on(options, "ssl_verify_cert", default=has_ca)
    if not files and not is_verified:
        return {}
    return {"ssl": {**files, "check_hostname": of_host and is_verified, "verify_mode": is_verified}}


def _of_mysqlclient(
    options: Mapping[str, Any], files: dict[str, Any], *, has_ca: bool, of_host: bool
) -> dict[str, Any]:
    mode = options.get("ssl_mode") or (has_ca and ("VERIFY_IDENTITY" if of_host else "VERIFY_CA"))
    return {**({"ssl": files} if files else {}), **({"ssl_mode": mode} if mode else {})}


def _is_on(options: Mapping[str, Any], name: str, *, default: bool = True) -> bool:
    return bool(asbool(options.get(name, default)))
