"""Database URLs: what is wrong is refused, and no password is shown, wherever it stands."""

import itertools
import shlex

import pytest
from sqlalchemy import make_url

from activity_session_server.rules import database_urls
from activity_session_server.rules.database_urls import OPTIONS
from activity_session_server.store import schema
from activity_session_server.store.revisions import SchemaError
from activity_session_testing.backends import MariaDB
from activity_session_testing.processes import run

PLANTED = "hunter2"
SCHEME = "mysql+pymysql"
# All characters that have a meaning in a URL, around and inside what must not be seen; whole and percent-encoded.
PASSWORDS = [PLANTED] + [
    f"{PLANTED}{mark}{PLANTED}" for mark in (*":/?#@&=%[]+ '\"$", "%40", "%3A", "://", "@h/", "?a=")
]
PLACES = [
    "{scheme}://ann:{password}@127.0.0.1:1/nothing",
    "{scheme}://ann:{password}@127.0.0.1:port/nothing",
    "{scheme}://ann:{password}@127.0.0.1:1",
    "{scheme}://ann:{password}",
    "{scheme}://:{password}@[::1]/nothing",
    "{scheme}://ann@127.0.0.1:1/nothing?password={password}",
    "{scheme}://ann@127.0.0.1:1/nothing?passwd={password}&ssl_ca=/ca.pem",
    "{scheme}://127.0.0.1:1/nothing?user=ann&password={password}",
    "{scheme}://ann:{password}@127.0.0.1:1/nothing?password={password}",
    "{scheme}://ann:{password}@127.0.0.1:1/nothing?no_option=1",
    "{scheme}://ann@127.0.0.1:1/nothing?no_option={password}",
    "{scheme}:/ann:{password}@127.0.0.1:1/nothing",
    "ann:{password}@127.0.0.1:1/nothing",
]
SCHEMES = [*OPTIONS, "postgresql", "oracle"]
COMMANDS = ("migrate", "check", "serve")


def urls() -> list[str]:
    return [
        place.format(scheme=scheme, password=password)
        for scheme, place, password in itertools.product(SCHEMES, PLACES, PASSWORDS)
        # Where no @ follows, one in the password makes the rest of it a host.
        if scheme != "sqlite" and ("@" in place or "@" not in password)
    ]


def problem(url: str) -> str:
    """Return what is wrong with a URL; nothing if it is taken."""
    try:
        database_urls.check(url)
    except ValueError as error:
        return str(error)
    return ""


def test_no_url_is_shown_or_refused_with_its_password() -> None:
    assert not [url for url in urls() if PLANTED in database_urls.shown(url) + problem(url)]


def test_a_url_that_is_taken_means_the_same_to_the_driver() -> None:
    taken = [url for url in urls() if not problem(url)]
    assert 0 < len(taken) < len(urls())
    for url in map(make_url, taken):
        assert (url.host, url.port, url.database) in {("127.0.0.1", 1, "nothing"), ("::1", None, "nothing")}
        assert PLANTED in str(url.password) + str(url.query)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_prints_a_password(command: str) -> None:
    url = f"{SCHEME}://ann:{PLANTED}@127.0.0.1:1/nothing?passwd={PLANTED}"
    done = run(command, "--address", "127.0.0.1:0", ACTIVITY_SESSION_DATABASE_URL=url)
    assert done.returncode == 1
    assert f"{SCHEME}://ann:***@127.0.0.1:1/nothing?passwd=*** cannot be used" in done.stderr
    assert PLANTED not in done.stdout + done.stderr


def test_a_url_that_cannot_be_read_is_not_printed() -> None:
    done = run("check", "--database-url", f"{SCHEME}://ann:p@{PLANTED}@127.0.0.1:1/nothing")
    assert "activity-session: settings: database_url: it is not SCHEME://" in done.stderr
    assert PLANTED not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oracle://localhost/x", "its scheme must be one of sqlite, mysql+pymysql"),
        ("sqlite://x.db", "three slashes"),
        ("sqlite:///x.db?mode=ro", "sqlite takes no options"),
        ("sqlite:///file:x.db?mode=ro&uri=true", "sqlite takes no options"),
        ("mysql+pymysql://ann:p@ss@host/x", "inside a password, @ is %40"),
        ("mysql+pymysql://host:port/x", "its port must be a number from 1 to 65535"),
        ("mysql+pymysql://host:65536/x", "its port must be a number from 1 to 65535"),
        ("mysql+pymysql://host:/x", "its port must be a number from 1 to 65535"),
        ("mysql+pymysql://host", "it names no database"),
        ("mysql+pymysql://host/?charset=utf8mb4", "it names no database"),
        ("mysql+pymysql://host/x?sslca=/ca.pem", "it has an option that is none of charset, "),
        ("mysql+mysqldb://host/x?ssl_verify_cert=1", "it has an option that is none of charset, "),
        ("mysql+pymysql://host/x?ssl_disabled=no", "ssl_disabled must be true or false"),
        ("mysql+mysqldb://host/x?ssl_verify_identity=true", "ssl_verify_identity needs ssl_ca or ssl_capath"),
        ("mysql+pymysql://host/x?charset=latin1", "the server uses the charset utf8mb4"),
    ],
)
def test_what_is_wrong_with_a_url_is_said(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        database_urls.check(url)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////var/lib/a@b:c/x.db",
        "sqlite:///:memory:",
        "mysql+pymysql://ann@host/x?ssl_ca=/ca.pem&ssl_check_hostname=true",
        "mariadb+mysqldb://[::1]:3306/x?charset=utf8mb4&unix_socket=/run/mysqld.sock",
    ],
)
def test_what_is_no_secret_is_shown(url: str) -> None:
    database_urls.check(url)
    assert database_urls.shown(url) == url


def test_the_suggested_command_can_be_pasted(mariadb: MariaDB) -> None:
    url = mariadb.new_database()
    with pytest.raises(SchemaError) as raised:
        list(schema.inspect_url(url, 1024, lambda: None))
    line = str(raised.value).splitlines()[-1]
    assert line.strip() == 'activity-session migrate --database-url "$ACTIVITY_SESSION_DATABASE_URL"'
    assert run(*shlex.split(line)[1:3], url).returncode == 0
