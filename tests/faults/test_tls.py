"""TLS to the database: what `ssl_ca` and `ssl_verify_identity` say in a URL is what is checked, with each driver."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from sqlalchemy import text

from activity_session_server.store import revisions, schema
from activity_session_server.store.backends import EngineOptions, open_engine
from activity_session_testing.backends import DRIVER, MariaDB

# MySQL 8.0.15 does not start with certificates like these.
pytestmark = pytest.mark.only_mariadb
# What PyMySQL says, or mysqlclient.
WRONG_CA = "unable to get local issuer certificate"
WRONG_HOST = "IP address mismatch|Validation of SSL server certificate failed"
NO_TLS = "SSL is required|SSL connection error|server doesn't support"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificates of a CA, and of another one; and of the first one for this host, and for another one."""
    folder, ca = tmp_path_factory.mktemp("certificates"), trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other_ca.pem")
    for name, host in (("this", "127.0.0.1"), ("other", "db.example")):
        ca.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
    return folder


@pytest.fixture(scope="module")
def server(mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    with type(mariadb).running(tmp_path_factory.mktemp("tls")) as server:
        yield server


def start(server: MariaDB, certificate: Path) -> str:
    """Start a server again with a certificate, and return the URL of a new database."""
    server.kill()
    server.start(f"--ssl-cert={certificate}", f"--ssl-key={certificate}")
    return server.new_database()


def cipher(url: str) -> str:
    """Connect as a server does, and return the cipher of the connection."""
    schema.migrate_url(url)
    engine = open_engine(url, EngineOptions(timeout=5, synchronous="FULL"))
    with engine.connect() as connection:
        return str(connection.execute(text("SHOW STATUS LIKE 'Ssl_cipher'")).one()[1])


def check_refused(url: str, why: str) -> None:
    with pytest.raises(revisions.SchemaError, match=why):
        schema.migrate_url(url)


def test_a_certificate_must_be_of_the_ca(server: MariaDB, folder: Path) -> None:
    url = start(server, folder / "this.pem")
    for more in ("", "&ssl_verify_identity=true", "&ssl_verify_identity=false"):
        assert cipher(f"{url}?ssl_ca={folder / 'ca.pem'}{more}")
        check_refused(f"{url}?ssl_ca={folder / 'other_ca.pem'}{more}", WRONG_CA)


def test_a_certificate_must_be_of_the_host_unless_the_url_says_otherwise(server: MariaDB, folder: Path) -> None:
    url = f"{start(server, folder / 'other.pem')}?ssl_ca={folder / 'ca.pem'}"
    check_refused(f"{url}&ssl_verify_identity=true", WRONG_HOST)
    check_refused(url, WRONG_HOST)
    if DRIVER == "pymysql":
        assert cipher(f"{url}&ssl_verify_identity=false")


def test_a_server_without_tls_is_refused_where_there_is_a_ca(mariadb: MariaDB, folder: Path) -> None:
    url = mariadb.new_database()
    check_refused(f"{url}?ssl_ca={folder / 'ca.pem'}&ssl_verify_identity=true", NO_TLS)
    if DRIVER == "pymysql":
        assert not cipher(f"{url}?ssl_disabled=true")
