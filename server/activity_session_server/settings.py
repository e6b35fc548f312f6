"""The settings of a server, read once at the edge; `sources` says where each may come from.

Each field is the flag `--field-name`, the variable `ACTIVITY_SESSION_FIELD_NAME` and the key `field_name` of a file; a
test holds docs/operations.md to them.
"""

import argparse
import re
from collections.abc import Collection
from enum import StrEnum
from importlib.util import find_spec
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from activity_session_server.addresses import Address
from activity_session_server.rules import database_urls
from activity_session_server.rules.access.quotas import MOST, MOST_BYTES, Quota
from activity_session_server.rules.access.roles import Role
from activity_session_server.rules.durations import in_seconds
from activity_session_server.rules.limits import Limits

Seconds = Annotated[float, BeforeValidator(in_seconds)]
WholeSeconds = Annotated[int, BeforeValidator(in_seconds)]
MostOrNone = Annotated[int, Field(ge=0, le=MOST)]
MostBytesOrNone = Annotated[int, Field(ge=0, le=MOST_BYTES)]


_HTTP_PACKAGES = ("starlette", "uvicorn", "httptools", "uvloop")
# What browsers send as the origin of a page.
_ORIGIN = re.compile(r"https?://[^/?#@,\s]+")


class LogFormat(StrEnum):
    """How log lines are written."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    """Which log lines are written: each level has those of the levels after it too."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Switch(StrEnum):
    """On, off, or decided by the address."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class Console(StrEnum):
    """Whether there is a web console, and whether it offers to change something."""

    OFF = "off"
    READ_ONLY = "read-only"
    READ_WRITE = "read-write"


class Synchronous(StrEnum):
    """When SQLite waits for the disk."""

    FULL = "FULL"
    NORMAL = "NORMAL"
    OFF = "OFF"


class SettingsError(Exception):
    """Settings that no server can run with; the text says which ones, and why."""


class Settings(BaseModel):
    """All that a server is told at its start.

    The limits are given by their own names among the others, as flags and variables are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    limits: Limits = Limits.model_validate({})
    address: str = Field(
        "127.0.0.1:50051", description="HOST:PORT to listen on, where port 0 picks a free one, or unix:PATH"
    )
    admin_address: str = Field(
        "",
        description="HOST:PORT for metrics and probes, over HTTP: /metrics, /livez, /readyz; may be the HTTP address; "
        "none if empty",
    )
    http_address: str = Field("", description="HOST:PORT for JSON over HTTP; none if empty")
    http_cors_origins: str = Field(
        "", description="origins of pages that may call it, such as https://app.example.com, with commas between them"
    )
    console: Console = Field(
        Console.READ_ONLY,
        description="web console at the HTTP address; read-write offers to append a message, to bind, and to take and "
        "hand back a turn, as the caller's role allows",
    )
    tls_certificate_file: str = Field(
        "",
        description="certificate chain, PEM, for TLS on the address, and on that of HTTP; read again when it changes",
    )
    tls_key_file: str = Field("", description="the key of that certificate, PEM, without a password")
    tls_client_ca_file: str = Field("", description="CA, PEM, of which clients need a certificate")
    database_url: str = Field(
        "sqlite:///activity-session.db",
        description="sqlite:///FILE, sqlite:///:memory:, mysql+pymysql://... or mariadb+pymysql://..., "
        "or with mysqldb; postgresql://...",
    )
    tokens_file: str = Field(
        "", description="static tokens, which `activity-session token` makes and revokes; read again when it changes"
    )
    jwt_issuer: str = Field("", description="the iss of JWTs that are taken")
    jwt_audience: str = Field("", description="what their aud has to name")
    jwt_keys: str = Field(
        "", description="the issuer's public keys: a JWKS file, read again when it changes, or its https:// address"
    )
    jwt_grants_claim: str = Field("", description="claim of a JWT that has grants of its subject, as in the file")
    grants_file: str = Field("", description="who may do what, TOML; read again when it changes")
    allow_anonymous: bool = Field(
        default=False, description="take calls without credentials, also where others than this machine can make them"
    )
    anonymous_role: Role = Field(
        Role.ADMIN, description="what callers without credentials may do: reader, writer, admin or system"
    )
    allow_plaintext: bool = Field(
        default=False, description="take tokens without TLS from other machines, for a proxy that ends TLS"
    )
    workers: int = Field(1, ge=1, le=64, description="processes that serve calls, each on a core of its own")
    threads: int = Field(8, ge=1, le=64, description="threads that serve reads, and as many that serve writes")
    max_waiting_calls: int = Field(
        1000, ge=1, description="reads, or writes, that wait for a thread before others are refused"
    )
    database_timeout: WholeSeconds = Field(
        5,
        ge=1,
        le=60,
        description="seconds that the database may take for a statement or a lock, and others may keep a write waiting",
    )
    max_clock_offset: Seconds = Field(
        0,
        ge=0,
        le=60,
        description="seconds by which the clocks of a cluster's nodes may differ, for turns; the same on all servers",
    )
    sqlite_synchronous: Synchronous = Field(
        Synchronous.FULL,
        description="FULL: commits survive a loss of power; NORMAL: a crash of the process only; "
        "OFF: not even that, for files that can be lost",
    )
    drain_delay: Seconds = Field(
        0, ge=0, le=300, description="seconds between NOT_SERVING and refusing calls, at SIGTERM"
    )
    drain_timeout: Seconds = Field(
        30, ge=0, le=3600, description="seconds that running calls may take to end, at SIGTERM"
    )
    worker_timeout: Seconds = Field(
        10, ge=2, le=300, description="seconds without a heartbeat after which one of several workers is replaced"
    )
    sweep_interval: Seconds = Field(60, gt=0, le=86_400, description="seconds between two looks for what has expired")
    health_interval: Seconds = Field(
        5, gt=0, le=300, description="seconds between two looks at the database, for health"
    )
    poll_interval: Seconds = Field(
        0.25, gt=0, le=60, description="seconds between two looks for what other servers have written, for watches"
    )
    bookmark_interval: Seconds = Field(
        15, gt=0, le=3600, description="seconds after which a watch without news is sent a bookmark"
    )
    watch_timeout: Seconds = Field(
        60, gt=0, le=86_400, description="seconds that the client of a watch may leave a message unread"
    )
    subject_calls_in_flight: MostOrNone = Field(
        0, description="calls of a subject that are served at once; 0: any number"
    )
    subject_calls_per_second: MostOrNone = Field(0, description="calls of a subject in a second; 0: any number")
    subject_bytes_per_second: MostBytesOrNone = Field(
        0, description="bytes of a subject's requests in a second; 0: any number"
    )
    subject_watches: MostOrNone = Field(
        0, description="watches, and calls that wait for a turn, of a subject at once; 0: any number"
    )
    namespace_calls_in_flight: MostOrNone = Field(
        0, description="calls about a namespace that are served at once; 0: any number"
    )
    namespace_calls_per_second: MostOrNone = Field(0, description="calls about a namespace in a second; 0: any number")
    namespace_bytes_per_second: MostBytesOrNone = Field(
        0, description="bytes of requests about a namespace in a second; 0: any number"
    )
    namespace_watches: MostOrNone = Field(
        0, description="watches, and calls that wait for a turn, in a namespace at once; 0: any number"
    )
    reflection: Switch = Field(
        Switch.AUTO, description="server reflection: on, off, or auto: on loopback addresses only"
    )
    log_format: LogFormat = Field(LogFormat.AUTO, description="json, text, or auto: text on a terminal")
    log_level: LogLevel = Field(
        LogLevel.INFO, description="debug, info (calls too), warning, or error; signals change it while it serves"
    )
    audit_log_file: str = Field(
        "", description="file that a line of JSON is appended to for each call that may change something; none if empty"
    )

    @model_validator(mode="before")
    @classmethod
    def _gather_limits(cls, values: dict[str, Any]) -> dict[str, Any]:
        limits = {name: value for name, value in values.items() if name in Limits.model_fields}
        others = {name: value for name, value in values.items() if name not in limits}
        return {**others, "limits": limits} if limits else others

    @field_validator("address")
    @classmethod
    def _parse_address(cls, value: str) -> str:
        return str(Address.parse(value))

    @field_validator("admin_address")
    @classmethod
    def _parse_admin_address(cls, value: str) -> str:
        address = Address.parse(value) if value else None
        if address and address.path:
            raise ValueError("it must be HOST:PORT, such as 127.0.0.1:9464: Prometheus cannot ask a unix socket")
        return str(address) if address else ""

    @field_validator("http_address")
    @classmethod
    def _parse_http_address(cls, value: str) -> str:
        address = Address.parse(value) if value else None
        if address and address.path:
            raise ValueError("it must be HOST:PORT, such as 127.0.0.1:8080")
        if address and any(find_spec(package) is None for package in _HTTP_PACKAGES):
            raise ValueError("it needs Starlette and uvicorn: pip install 'activity-session-server[http]'")
        return str(address) if address else ""

    @field_validator("http_cors_origins")
    @classmethod
    def _check_origins(cls, value: str) -> str:
        for origin in filter(None, value.split(",")):
            if not _ORIGIN.fullmatch(origin.strip()):
                raise ValueError("each must be of the form https://app.example.com, without a path")
        return value

    @model_validator(mode="after")
    def _check_tls(self) -> Self:
        for name, other in (
            ("tls_certificate_file", "tls_key_file"),
            ("tls_key_file", "tls_certificate_file"),
            ("tls_client_ca_file", "tls_certificate_file"),
        ):
            if getattr(self, name) and not getattr(self, other):
                raise ValueError(f"{name}: it needs {other} too")
        return self

    @model_validator(mode="after")
    def _check_jwt(self) -> Self:
        names = ("jwt_issuer", "jwt_audience", "jwt_keys")
        given = [name for name in (*names, "jwt_grants_claim") if getattr(self, name)]
        if given and (missing := [name for name in names if not getattr(self, name)]):
            raise ValueError(f"{given[0]}: it needs {missing[0]} too")
        if "://" in self.jwt_keys and not self.jwt_keys.startswith("https://"):
            raise ValueError("jwt_keys: it must be a file, or an address that begins with https://")
        if given and (find_spec("jwt") is None or find_spec("cryptography") is None):
            raise ValueError("jwt_keys: it needs PyJWT: pip install 'activity-session-server[jwt]'")
        return self

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            database_urls.check(self.database_url)
        except ValueError as error:
            # Not raised by a validator of the field: its message would have the value, in which a password may be.
            raise ValueError(f"database_url: {error}") from None
        if "+mysqldb:" in self.database_url and find_spec("MySQLdb") is None:
            raise ValueError("database_url: it needs mysqlclient: pip install 'activity-session-server[mysqlclient]'")
        if database_urls.with_driver(self.database_url).startswith("postgresql") and find_spec("psycopg") is None:
            raise ValueError("database_url: it needs psycopg: pip install 'activity-session-server[postgresql]'")
        if self.workers > 1 and self.is_in_memory:
            raise ValueError("workers: each would have a database of its own in memory; use a file, or one worker")
        if self.workers > 1 and Address.parse(self.address).path:
            raise ValueError("workers: several cannot share the path of a socket; use a port, or one worker")
        if self.workers > 1 and self.shares_admin_address:
            raise ValueError(
                "admin_address: it must be another than http_address where there are several workers: these serve "
                "HTTP, and the process that starts them tells the metrics of all"
            )
        return self

    @property
    def subject_quota(self) -> Quota:
        """What each subject may use of a process."""
        return Quota(*(getattr(self, f"subject_{name}") for name in Quota._fields))

    @property
    def namespace_quota(self) -> Quota:
        """What each namespace may use of a process."""
        return Quota(*(getattr(self, f"namespace_{name}") for name in Quota._fields))

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file, or memory, of this machine."""
        return self.database_url.startswith("sqlite:")

    @property
    def database_kind(self) -> str:
        """Which database it is: sqlite, mysql, mariadb or postgresql."""
        return self.database_url.partition(":")[0].partition("+")[0]

    @property
    def is_in_memory(self) -> bool:
        """Whether the database ends with the server."""
        return database_urls.is_memory(self.database_url)

    @property
    def serves_loopback_only(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.open_address is None

    @property
    def open_address(self) -> tuple[str, str] | None:
        """The first setting of an address for calls that others than this machine may reach, and its value."""
        given = {"address": self.address, "http_address": self.http_address}
        for name, address in given.items():
            if address and not Address.parse(address).is_loopback:
                return name, address
        return None

    @property
    def cors_origins(self) -> list[str]:
        """The origins of pages that may call over HTTP."""
        return [origin.strip() for origin in self.http_cors_origins.split(",") if origin.strip()]

    @property
    def serves_console(self) -> bool:
        """Whether there is to be a web console."""
        return bool(self.http_address) and self.console is not Console.OFF

    @property
    def shares_admin_address(self) -> bool:
        """Whether metrics and probes are at the HTTP address."""
        return bool(self.http_address) and self.admin_address == self.http_address

    @property
    def shows_metrics_to_others(self) -> bool:
        """Whether others than this machine may reach the admin address."""
        return bool(self.admin_address) and not Address.parse(self.admin_address).is_loopback

    @property
    def tells_callers_apart(self) -> bool:
        """Whether there is a way for callers to show who they are."""
        return bool(self.tokens_file or self.jwt_keys or self.tls_client_ca_file)

    @property
    def takes_anonymous(self) -> bool:
        """Whether calls without credentials are taken."""
        return self.allow_anonymous or not self.tells_callers_apart

    @property
    def has_grants(self) -> bool:
        """Whether something says what callers may do."""
        return bool(self.grants_file or self.jwt_grants_claim)

    def check_access(self) -> None:
        """Refuse a server that anybody could use, or whose grants nobody has; only one that is to serve must pass this.

        Raises:
            SettingsError: with a sentence that says what to set.
        """
        name, address = self.open_address or ("", "")
        if self.takes_anonymous and not self.allow_anonymous and name:
            raise SettingsError(
                f"{name}: anybody who reaches {address} could call: have callers show who they are, by "
                "tokens_file, jwt_keys or tls_client_ca_file, with grants_file (docs/security.md); or set "
                "allow_anonymous"
            )
        if self.has_grants and not self.tells_callers_apart:
            raise SettingsError("grants_file: its subjects need tokens_file, jwt_keys or tls_client_ca_file")
        is_open = name and not (self.tls_certificate_file or self.allow_plaintext)
        if (self.tokens_file or self.jwt_keys) and is_open:
            raise SettingsError(
                f"{name}: tokens would travel to {address} for all to read: set tls_certificate_file and "
                "tls_key_file, or allow_plaintext if a proxy before the server ends TLS"
            )

    @property
    def serves_reflection(self) -> bool:
        """Whether the server tells its descriptors."""
        if self.reflection is Switch.AUTO:
            return self.serves_loopback_only
        return self.reflection is Switch.ON


# Those in which a password may be: it is never shown, and each of them may stand in a file of its own.
SECRETS = ("database_url",)
# Every setting by its name: that of a flag, of a variable and of a row in the docs.
FIELDS = {name: field for name, field in Settings.model_fields.items() if name != "limits"} | Limits.model_fields


_ADDRESSES = (
    *("address", "tls_certificate_file", "tls_key_file", "tls_client_ca_file"),
    *("http_address", "http_cors_origins", "console"),
)
_CALLERS = (
    *("tokens_file", "grants_file", "jwt_issuer", "jwt_audience", "jwt_keys", "jwt_grants_claim"),
    *("allow_anonymous", "anonymous_role", "allow_plaintext"),
)
_CALLS = ("threads", "max_waiting_calls", "workers", "worker_timeout", "reflection")
_LOGS = ("admin_address", "log_format", "log_level", "audit_log_file")
_QUOTAS = tuple(f"{kind}_{name}" for kind in ("subject", "namespace") for name in Quota._fields)
_TIMES = ("sweep_interval", "health_interval", "poll_interval", "bookmark_interval", "watch_timeout")
_GROUPS = {
    "address and TLS": _ADDRESSES,
    "who calls": _CALLERS,
    "database": ("database_url", "database_timeout", "max_clock_offset", "sqlite_synchronous"),
    "calls": _CALLS,
    "what it tells": _LOGS,
    "quotas": _QUOTAS,
    "intervals": _TIMES,
    "the end, at SIGTERM": ("drain_delay", "drain_timeout"),
    "limits": tuple(Limits.model_fields),
}


def add_flags(parser: argparse.ArgumentParser, shown: Collection[str] = FIELDS.keys()) -> None:
    """Give a parser one flag per setting, in groups; its help shows some of them only."""
    for title, names in _GROUPS.items():
        group = parser.add_argument_group(title)
        for name in names:
            flag = "--" + name.replace("_", "-")
            field = FIELDS[name]
            text = f"{field.description} [{shown_default(name)}]".replace("%", "%%")
            help_ = text if name in shown else argparse.SUPPRESS
            if field.annotation is bool:
                group.add_argument(flag, action="store_const", const="true", help=help_)
            else:
                group.add_argument(flag, metavar="VALUE", help=help_)


def shown_default(name: str) -> str:
    """The default of a setting as people write it."""
    default = FIELDS[name].get_default()
    return "off" if default is False else str(default)
