"""Database URLs: what they may say, and how they are shown.

A password is never shown, also where a URL is wrong: an error names the part that is wrong, and not what stands there.
"""

import re
from urllib.parse import parse_qsl, unquote

_TLS = frozenset({"ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_check_hostname"})
# The options that name a file or a folder.
FILES = ("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "read_default_file", "sslcert", "sslkey", "passfile")
# Of libpq. `host` is the folder of a socket.
_PSYCOPG_SHOWN = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "channel_binding", "host", "application_name"}
)
_PSYCOPG = _PSYCOPG_SHOWN | {"sslcrl", "passfile", "gssencmode", "target_session_attrs", "user", "password"}
# The options whose values are shown; those of all others could be secrets.
_SHOWN = _TLS | {"ssl_verify_identity", "ssl_verify_cert", "ssl_disabled", "ssl_mode", "charset", "unix_socket"}
_SHOWN |= _PSYCOPG_SHOWN
_ACCOUNT = frozenset(
    {"user", "password", "passwd", "read_default_file", "read_default_group", "unix_socket", "charset", "init_command"}
)
_PYMYSQL = _TLS | _ACCOUNT | {"ssl_verify_identity", "ssl_verify_cert", "ssl_disabled", "server_public_key"}
_MYSQLDB = _TLS | _ACCOUNT | {"ssl_mode", "ssl_verify_identity"}
# The options that are on or off.
_SWITCHES = ("ssl_check_hostname", "ssl_verify_identity", "ssl_verify_cert", "ssl_disabled")
# The schemes, and the options that each one takes after the question mark.
OPTIONS: dict[str, frozenset[str]] = {
    "sqlite": frozenset(),
    "mysql+pymysql": _PYMYSQL,
    "mariadb+pymysql": _PYMYSQL,
    "mysql+mysqldb": _MYSQLDB,
    "mariadb+mysqldb": _MYSQLDB,
    "postgresql+psycopg": _PSYCOPG,
}
# What others call it.
_OTHER_NAMES = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_CHARSET = "utf8mb4"
_SERVER = re.compile(
    r"(?P<account>[^:/@]*(?P<password>:[^?@]*)?@)?"
    r"(?P<host>\[[^\]/?@]*\]|[^:/?@\[\]]*)(?P<port>:[^/?@]*)?"
    r"(?P<database>/[^?@]*)?(\?(?P<options>[^@]*))?"
)
_PORT = re.compile(r":[0-9]{1,5}")


def with_driver(url: str) -> str:
    """A URL whose scheme names the driver that is used."""
    scheme, separator, rest = url.partition("://")
    return _OTHER_NAMES.get(scheme, scheme) + separator + rest


def check(url: str) -> None:
    """Refuse a URL that no server can use.

    Raises:
        ValueError: with a sentence about the part that is wrong.
    """
    scheme, _, rest = with_driver(url).partition("://")
    if scheme not in OPTIONS:
        raise ValueError(f"its scheme must be one of {', '.join(OPTIONS)}")
    if scheme == "sqlite":
        _check_file(rest)
    else:
        _check_server(scheme, rest)


def is_memory(url: str) -> bool:
    """Whether a URL means an SQLite database in memory."""
    scheme, _, rest = url.partition("://")
    # In a URL a colon may be escaped, as SQLAlchemy writes it.
    return scheme == "sqlite" and unquote(rest.partition("?")[0]) in ("", "/", "/:memory:")


def shown(url: str) -> str:
    """A URL as it may be printed: without passwords."""
    scheme, _, rest = with_driver(url).partition("://")
    if scheme == "sqlite":
        return url.partition("?")[0]
    match = _SERVER.fullmatch(rest)
    if scheme not in OPTIONS or match is None or not _is_port(match["port"]):
        return "***"
    account = match["account"] or ""
    if match["password"]:
        account = account.partition(":")[0] + ":***@"
    place = f"{match['host']}{match['port'] or ''}{match['database'] or ''}"
    options = [_shown_option(option) for option in (match["options"] or "").split("&") if option]
    return f"{scheme}://{account}{place}" + ("?" + "&".join(options) if options else "")


def _shown_option(option: str) -> str:
    name, _, _ = option.partition("=")
    return option if name in _SHOWN else f"{name}=***" if name in _PYMYSQL | _MYSQLDB | _PSYCOPG else "***"


def _is_port(text: str | None) -> bool:
    """Whether a port can be connected to; the text has its colon, None means the usual port."""
    return text is None or (_PORT.fullmatch(text) is not None and 0 < int(text[1:]) < 2**16)


def _check_file(rest: str) -> None:
    path, _, options = rest.partition("?")
    if path and not path.startswith("/"):
        raise ValueError("a relative path comes after three slashes, as in sqlite:///FILE, an absolute one after four")
    if options:
        raise ValueError("sqlite takes no options after a question mark")


def _check_server(scheme: str, rest: str) -> None:
    match = _SERVER.fullmatch(rest)
    if match is None:
        raise ValueError(
            "it is not SCHEME://USER:PASSWORD@HOST:PORT/DATABASE; inside a password, @ is %40, and ? is %3F"
        )
    if not _is_port(match["port"]):
        raise ValueError("its port must be a number from 1 to 65535")
    if not (match["database"] or "").strip("/"):
        raise ValueError("it names no database: that comes after the host and a slash")
    _check_options(dict(parse_qsl(match["options"] or "", keep_blank_values=True)), OPTIONS[scheme])


def _check_options(options: dict[str, str], known: frozenset[str]) -> None:
    for name, value in options.items():
        if name not in known:
            # Its name is not shown: behind an & in a password that is a part of it.
            raise ValueError(f"it has an option that is none of {', '.join(sorted(known))}")
        if name in _SWITCHES and value not in ("true", "false"):
            raise ValueError(f"{name} must be true or false")
        if name == "charset" and value != _CHARSET:
            raise ValueError(f"the server uses the charset {_CHARSET}, and no other")
    if options.get("ssl_verify_identity") == "true" and not {"ssl_ca", "ssl_capath"} & options.keys():
        raise ValueError("ssl_verify_identity needs ssl_ca or ssl_capath, by which the certificate is verified")
