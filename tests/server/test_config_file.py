"""Settings from a file, what wins over it, and `check --print`, which says where each has come from."""

import re
import tomllib
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from activity_session.v1.info_service_pb2 import GetServerInfoRequest
from activity_session_server.environment import unknown_variables
from activity_session_server.settings import FIELDS, Settings, SettingsError
from activity_session_server.sources import load
from activity_session_testing.processes import run, serving_process
from activity_session_testing.servers import connected

CONFIG = "ACTIVITY_SESSION_CONFIG"
URL = "mysql+pymysql://user:p%40ss@host/sessions"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def loaded(file: Path, text: str, **environment: str) -> Settings:
    file.write_text(text)
    return load(Namespace(), {CONFIG: str(file), **environment})


def problem(file: Path, text: str, **environment: str) -> str:
    with pytest.raises(SettingsError) as refused:
        loaded(file, text, **environment)
    return str(refused.value)


class TestFile:
    def test_has_a_key_for_each_setting(self, file: Path) -> None:
        file.write_text("\n".join(f"{name} = {toml(FIELDS[name].get_default())}" for name in FIELDS))
        assert len(tomllib.loads(file.read_text())) == len(FIELDS)
        assert load(Namespace(config=str(file)), {}) == Settings.model_validate({})

    def test_has_numbers_switches_texts_and_durations(self, file: Path) -> None:
        text = 'threads = 3\nallow_anonymous = true\ndrain_delay = 2.5\nsweep_interval = "1h30m"\npurge_age = 3600'
        found = loaded(file, text)
        assert (found.threads, found.allow_anonymous, found.drain_delay, found.sweep_interval) == (3, True, 2.5, 5400)
        assert found.limits.purge_age.total_seconds() == 3600

    @pytest.mark.parametrize("config", ["", None])
    def test_need_not_be_there(self, config: str | None) -> None:
        assert load(Namespace(config=config), {CONFIG: ""} if config is None else {}) == Settings.model_validate({})

    def test_is_named_by_a_flag_or_a_variable_and_the_flag_wins(self, file: Path, tmp_path: Path) -> None:
        file.write_text("threads = 3")
        other = tmp_path / "other.toml"
        other.write_text("labels = 5")
        found = load(Namespace(config=str(file)), {CONFIG: str(other)})
        assert (found.threads, found.limits.labels) == (3, 64)
        assert list(unknown_variables({CONFIG: str(other)})) == []

    def test_loses_against_variables_and_those_against_flags(self, file: Path) -> None:
        file.write_text("threads = 3\nworkers = 3\nlabels = 3")
        environment = {CONFIG: str(file), "ACTIVITY_SESSION_WORKERS": "4", "ACTIVITY_SESSION_LABELS": "4"}
        found = load(Namespace(labels="5"), environment)
        assert (found.threads, found.workers, found.limits.labels) == (3, 4, 5)


class TestProblems:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("thread = 3", "there is no such setting; the nearest is threads"),
            ("database-url = 'x'", "there is no such setting; the nearest is database_url"),
            ("limits = {labels = 3}", "it is a table; settings stand outside of tables, as in threads = 8"),
            ("threads = '3'", 'it must be a whole number, not "3"'),
            ("threads = true", "it must be a whole number, not true"),
            ("threads = 3.0", "it must be a whole number, not 3.0"),
            ("workers = 2026-11-27", 'it must be a whole number, not "2026-11-27"'),
            ("allow_anonymous = 'yes'", 'it must be true or false, not "yes"'),
            ("address = 50051", "it must be a text in quotes, not 50051"),
            ("purge_age = [1]", 'it must be a duration, such as 90 or "1h30m", not [1]'),
            ("threads = 100", "Input should be less than or equal to 64, not 100"),
            ("drain_delay = nan", "Input should be less than or equal to 300, not nan"),
            ("reflection = 'maybe'", "Input should be 'auto', 'on' or 'off', not 'maybe'"),
            ("sweep_interval = 'soon'", "it must be a duration, such as 90s, 1h30m or 30d, not 'soon'"),
            ("jwt_issuer = 'x'", "it needs jwt_audience too"),
            ("request_bytes = 100000", "must be 4033776 at least, for the largest session and batch to fit"),
        ],
    )
    def test_name_the_key_the_file_and_the_limit(self, file: Path, text: str, told: str) -> None:
        assert problem(file, text) == f"{text.split(maxsplit=1)[0]}: {file}: {told}"

    @pytest.mark.parametrize(
        ("text", "line"), [("labels = 1\nthreads = ?", 2), ("labels = 1\nthreads = 1\nthreads = 2\nworkers = 1", 3)]
    )
    def test_of_its_form_name_the_line(self, file: Path, text: str, line: int) -> None:
        assert re.fullmatch(rf"config: {file}: it is no TOML: .*\(at line {line}, .*", problem(file, text))

    def test_are_told_all_at_once(self, file: Path) -> None:
        assert len(problem(file, "thread = 3\nworkers = 'x'\nlabels = 1").splitlines()) == 2
        assert len(problem(file, "threads = 0\nworkers = 0\nlabels = 1").splitlines()) == 2

    def test_of_another_source_do_not_name_the_file(self, file: Path) -> None:
        told = problem(file, "threads = 3", ACTIVITY_SESSION_THREADS="0")
        assert told == "threads: Input should be greater than or equal to 1, not '0'"

    @pytest.mark.parametrize(
        ("content", "told"), [(None, "No such file or directory"), (b"\xff", "it is not a text in UTF-8")]
    )
    def test_of_reading_it_name_it(self, file: Path, content: bytes | None, told: str) -> None:
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(SettingsError) as refused:
            load(Namespace(config=str(file)), {})
        assert str(refused.value) == f"config: {file}: {told}"

    @pytest.mark.parametrize("text", [f'database_url = ["{URL}"]', f'database_url = "{URL}?hunter=p%40ss"'])
    def test_do_not_show_the_password(self, file: Path, text: str) -> None:
        told = problem(file, text)
        assert told.startswith(f"database_url: {file}: ")
        assert "p%40ss" not in told

    @pytest.mark.parametrize("command", ["serve", "migrate", "check", "health", "events", "token"])
    def test_end_each_command_with_2(self, file: Path, command: str) -> None:
        file.write_text("thread = 3")
        more = {"events": ["namespaces/default/sessions/x"], "token": ["list"]}.get(command, [])
        done = run(command, *more, "--config", str(file))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"activity-session: settings: thread: {file}: there is no such setting")


class TestSecrets:
    def test_may_be_in_a_file_that_the_file_names(self, file: Path, tmp_path: Path) -> None:
        secret = tmp_path / "url"
        secret.write_text(f"{URL}\n")
        assert loaded(file, f"database_url_file = '{secret}'").database_url == URL
        assert loaded(file, f"database_url_file = '{secret}'", ACTIVITY_SESSION_DATABASE_URL="sqlite:///").is_in_memory

    def test_of_a_variable_win_over_the_file(self, file: Path, tmp_path: Path) -> None:
        secret = tmp_path / "url"
        secret.write_text(f"{URL}\n")
        found = loaded(file, "database_url = 'sqlite:///x'", ACTIVITY_SESSION_DATABASE_URL_FILE=str(secret))
        assert found.database_url == URL

    def test_are_not_read_where_another_source_wins(self, file: Path) -> None:
        assert loaded(file, "database_url_file = '/nowhere'", ACTIVITY_SESSION_DATABASE_URL="sqlite:///").is_in_memory

    def test_that_cannot_be_read_are_told_by_the_key_and_the_file(self, file: Path) -> None:
        told = problem(file, "database_url_file = '/nowhere'")
        assert told == f"database_url: {file}: database_url_file: /nowhere: No such file or directory"

    def test_in_one_file_twice_are_refused(self, file: Path) -> None:
        told = problem(file, f"database_url_file = '/nowhere'\ndatabase_url = '{URL}'")
        assert told == f"database_url: both {file}: database_url and {file}: database_url_file are set"


class TestPrint:
    def test_says_of_each_setting_what_it_is_and_where_it_came_from(self, file: Path, tmp_path: Path) -> None:
        database = f"sqlite:///{tmp_path / 'test.db'}"
        file.write_text("threads = 3\nlabels = 3\nworkers = 3\npurge_age = '2d'")
        environment = {CONFIG: str(file), "ACTIVITY_SESSION_LABELS": "4", "ACTIVITY_SESSION_WORKERS": "4"}
        done = run("check", "--print", "--workers", "5", "--database-url", database, **environment)
        assert done.returncode == 0
        lines, _, rest = done.stdout.partition("settings: ok\n")
        assert rest
        shown = dict(line.split(" = ", 1) for line in lines.splitlines())
        assert shown["threads"] == f"3  # file {file}"
        assert shown["purge_age"] == f"172800  # file {file}"
        assert shown["labels"] == "4  # environment"
        assert shown["workers"] == "5  # flag"
        assert shown["database_url"] == f'"{database}"  # flag'
        assert shown["drain_delay"] == "0  # default"
        assert shown["allow_anonymous"] == "false  # default"
        assert shown.keys() == FIELDS.keys()

    def test_is_a_file_of_settings_itself(self, file: Path, tmp_path: Path) -> None:
        settings = f"address = 'unix:/tmp/x\"y'\ndatabase_url = 'sqlite:///{tmp_path}/é.db'\nturn_ttl = '90.5s'\n"
        file.write_text(settings)
        done = run("check", "--print", "--config", str(file))
        again = tmp_path / "again.toml"
        again.write_text(done.stdout.partition("settings: ok\n")[0])
        assert load(Namespace(config=str(again)), {}) == load(Namespace(config=str(file)), {})

    def test_shows_no_password(self, file: Path, tmp_path: Path) -> None:
        secret = tmp_path / "url"
        secret.write_text("mysql+pymysql://nobody:hunter2@127.0.0.1:1/nothing?passwd=hunter2")
        tokens = tmp_path / "tokens"
        tokens.write_text("hunter2")
        file.write_text(
            f"database_url_file = '{secret}'\ntokens_file = '{tokens}'\njwt_issuer = 'x'\njwt_audience = 'x'\n"
            "jwt_keys = 'https://me:hunter2@issuer/keys?key=hunter2'"
        )
        done = run("check", "--print", "--config", str(file))
        assert done.returncode == 1, "there is no such database"
        said = f'mysql+pymysql://nobody:***@127.0.0.1:1/nothing?passwd=***"  # file {file}, from file {secret}\n'
        assert f'database_url = "{said}' in done.stdout
        assert 'jwt_keys = "https://***issuer/keys?***"' in done.stdout
        assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_its_workers_and_its_probe_heed_the_file(file: Path, tmp_path: Path, workers: int) -> None:
    database = f"sqlite:///{tmp_path / 'test.db'}"
    file.write_text(f"labels = 7\nworkers = {workers}\ndatabase_url = '{database}'\n")
    assert run("migrate", "--config", str(file)).returncode == 0
    with serving_process(tmp_path / "log", "--config", str(file)) as server:
        with connected(server.address) as client:
            assert client.info.GetServerInfo(GetServerInfoRequest()).limits.labels == 7
        file.write_text(f"address = '{server.address}'")
        assert run("health", "--config", str(file)).stdout == "SERVING\n"


def toml(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value.total_seconds())
