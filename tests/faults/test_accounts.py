"""Accounts that need a package of Python: a start without it says which one, and with it they work."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from activity_session_testing.backends import MariaDB
from activity_session_testing.processes import run

PASSWORD = "x"


def url_as(user: str, mariadb: MariaDB, *, options: str = "") -> str:
    """Make a user, by the rest of CREATE USER, and return the URL of a new database for it."""
    url = mariadb.new_database()
    name = make_url(url).database
    mariadb.execute(f"CREATE USER {name}@127.0.0.1 {user}")
    mariadb.execute(f"GRANT ALL ON {name}.* TO {name}@127.0.0.1")
    # The other driver needs no package.
    return f"mysql+pymysql://{name}:{PASSWORD}@127.0.0.1:{mariadb.port}/{name}{options}"


def check_that_it_needs(package: str, url: str, path_without: Path, path_with: Path) -> None:
    """Run `migrate` without a package and with it, each by a folder where Python looks first."""
    command = ("migrate", "--database-url", url)
    without = run(*command, PYTHONPATH=str(path_without))
    assert without.returncode == 1
    assert without.stderr.splitlines()[-1].endswith(
        f": 2059: the account needs the Python package {package}: pip install {package}"
    )
    assert "Traceback" not in without.stderr
    check_migrated(run(*command, PYTHONPATH=str(path_with)))
    assert run("check", "--database-url", url, PYTHONPATH=str(path_with)).returncode == 0


def check_migrated(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["message"] for line in done.stderr.splitlines()] == ["migrated"]


class TestPackages:
    @pytest.mark.only_mariadb
    def test_an_account_with_ed25519_needs_pynacl(self, mariadb: MariaDB, tmp_path: Path) -> None:
        mariadb.execute("INSTALL SONAME 'auth_ed25519'")
        try:
            url = url_as(f"IDENTIFIED VIA ed25519 USING PASSWORD('{PASSWORD}')", mariadb)
            check_that_it_needs("PyNaCl", url, hidden("nacl", tmp_path), installed("PyNaCl", tmp_path))
        finally:
            mariadb.execute("UNINSTALL SONAME 'auth_ed25519'")

    @pytest.mark.only_mysql
    def test_an_account_with_caching_sha2_needs_cryptography_where_there_is_no_tls(
        self, mariadb: MariaDB, tmp_path: Path
    ) -> None:
        # The database has not seen the password yet, so it asks for all of it, encrypted.
        user = f"IDENTIFIED WITH caching_sha2_password BY '{PASSWORD}'"
        url = url_as(user, mariadb, options="?ssl_disabled=true")
        check_that_it_needs("cryptography", url, hidden("cryptography", tmp_path), tmp_path)

    @pytest.mark.only_mysql
    def test_an_account_with_caching_sha2_needs_nothing_with_tls(self, mariadb: MariaDB, tmp_path: Path) -> None:
        url = url_as(f"IDENTIFIED WITH caching_sha2_password BY '{PASSWORD}'", mariadb)
        done = run("migrate", "--database-url", url, PYTHONPATH=str(hidden("cryptography", tmp_path)))
        check_migrated(done)


def hidden(module: str, tmp_path: Path) -> Path:
    """Return a folder by which a module cannot be imported."""
    folder = tmp_path / "hidden"
    folder.mkdir()
    (folder / f"{module}.py").write_text(f"raise ImportError({module!r})\n")
    return folder


def installed(package: str, tmp_path: Path) -> Path:
    """Install a package into a folder of its own."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "--target", tmp_path / "installed", package], check=True)
    return tmp_path / "installed"
