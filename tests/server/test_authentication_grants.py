"""Grants in a file: what they allow, and what is said of those that are wrong."""

from pathlib import Path
from typing import Any

import pytest

from activity_session_server.rpc.authentication.grants import GrantError, grant_of, read_grants
from activity_session_server.rpc.files import FileError
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.callers import bearer, new_token, reason_of
from activity_session_testing.moments import eventually
from activity_session_testing.processes import run
from activity_session_testing.servers import connected, serving

MEMORY = "sqlite:///:memory:"
GRANT = '[[grant]]\nsubject = "ada"\nnamespace = "{}"\nrole = "reader"\n'
RIGHT: dict[str, tuple[dict[str, str], Grant]] = {
    "a namespace": ({"namespace": "n", "role": "reader"}, Grant("ada", "n", Role.READER)),
    "by its name": ({"namespace": "namespaces/n", "role": "writer"}, Grant("ada", "n", Role.WRITER)),
    "all": ({"namespace": "*", "role": "admin"}, Grant("ada", "", Role.ADMIN)),
    "the system": ({"role": "system"}, Grant("ada", "", Role.SYSTEM)),
    "the system in one": ({"namespace": "n", "role": "system"}, Grant("ada", "n", Role.SYSTEM)),
    "a participant": ({"namespace": "n", "participant": "p"}, Grant("ada", "n", participant="p")),
    "by its own name": ({"participant": "namespaces/n/participants/p"}, Grant("ada", "n", participant="p")),
    "by both": ({"namespace": "n", "participant": "namespaces/n/participants/p"}, Grant("ada", "n", participant="p")),
}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "neither": ({"namespace": "n"}, "role: it is missing, and so is participant"),
    "both": ({"namespace": "n", "role": "reader", "participant": "p"}, "participant: 'p' a grant has a role or a par"),
    "no role": ({"namespace": "n", "role": "boss"}, "role: 'boss' is none of reader, writer, admin, system"),
    "no namespace": ({"role": "admin"}, "namespace: it is missing; * gives a role in all namespaces"),
    "no id": ({"namespace": "a/b", "role": "admin"}, "namespace: 'a/b' is an id with a slash"),
    "any": ({"namespace": "-", "role": "admin"}, "namespace: the id - is reserved"),
    "no text": ({"namespace": 3, "role": "admin"}, "namespace: '3' is not a text"),
    "a key": ({"namespaces": "n", "role": "admin"}, "'namespaces' is no key of a grant, which has namespace, "),
    "a participant of all": ({"namespace": "*", "participant": "p"}, "namespace: '*' is all of them"),
    "a participant of none": ({"participant": "p"}, "namespace: it is missing"),
    "of another": ({"namespace": "m", "participant": "namespaces/n/participants/p"}, "namespace: 'm' is not that of"),
    "a session": ({"participant": "namespaces/n/sessions/p"}, "participant: 'namespaces/n/sessions/p' is not of the f"),
}
WRONG_FILES = {
    "no TOML": ("grant", "it is no TOML: "),
    "a table": ("[grant]\n", "grant: it must be entries that begin with [[grant]]"),
    "a key": ("[[grants]]\n", "grants: there is no such key"),
    "no subject": (GRANT.format("n") + '[[grant]]\nrole = "system"\n', "grant 2: subject: it is missing"),
    "an empty one": ('[[grant]]\nsubject = ""\nrole = "system"\n', "grant 1: subject: a subject must not be empty"),
    "two lines": ('[[grant]]\nsubject = "a\\nb"\nrole = "system"\n', "grant 1: subject: 'a\\nb' contains a control"),
    "two participants": (
        "".join(f'[[grant]]\nsubject = "a"\nparticipant = "namespaces/n/participants/{id_}"\n' for id_ in "pq"),
        "grant 2: participant: the subject is one of that namespace already",
    ),
    "no grant": (GRANT.format("n") + GRANT.format("a/b"), "grant 2: namespace: 'a/b' is an id with a slash"),
}


@pytest.mark.parametrize(("entry", "grant"), RIGHT.values(), ids=RIGHT)
def test_an_entry_makes_a_grant(entry: dict[str, str], grant: Grant) -> None:
    assert grant_of("ada", entry) == grant


@pytest.mark.parametrize(("entry", "told"), WRONG.values(), ids=WRONG)
def test_what_is_no_grant_is_told_with_its_key_and_its_value(entry: dict[str, Any], told: str) -> None:
    with pytest.raises(GrantError) as refused:
        grant_of("ada", entry)
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(("content", "told"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_file_that_is_wrong_is_told_with_the_number_of_its_entry(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "grants.toml"
    path.write_text(content)
    with pytest.raises(FileError) as refused:
        read_grants(str(path))
    assert str(refused.value).startswith(f"{path}: {told}")


def test_a_subject_has_all_of_its_grants(tmp_path: Path) -> None:
    path = tmp_path / "grants.toml"
    path.write_text(GRANT.format("m") + GRANT.format("n") + GRANT.format("*"))
    assert [grant.namespace for grant in read_grants(str(path))()["ada"]] == ["m", "n", ""]


def test_no_server_starts_with_a_file_that_is_wrong(tmp_path: Path) -> None:
    path, tokens = tmp_path / "grants.toml", tmp_path / "tokens.json"
    new_token(tokens)
    flags = ["--database-url", MEMORY, "--tokens-file", str(tokens), "--grants-file", str(path)]
    done = run("serve", "--address", "127.0.0.1:0", *flags)
    assert (done.returncode, done.stderr) == (1, f"activity-session: {path}: No such file or directory\n")
    path.write_text("x")
    assert run("serve", "--address", "127.0.0.1:0", *flags).returncode == 1


def test_grants_change_while_a_server_runs_unless_they_are_wrong(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, tokens = tmp_path / "grants.toml", tmp_path / "tokens.json"
    path.write_text(GRANT.format("default"))
    ada = bearer(new_token(tokens))
    settings = {"tokens_file": str(tokens), "grants_file": str(path)}
    with serving(MEMORY, **settings) as server, connected(server.address) as client:
        assert reason_of(client, ada) == ""
        path.write_text(GRANT.format("another"))
        eventually(lambda: reason_of(client, ada) == "PERMISSION_DENIED")
        path.write_text(GRANT.format("*"))
        eventually(lambda: reason_of(client, ada) == "")
        path.write_text(GRANT.format("a/b"))
        eventually(lambda: reason_of(client, ada) == "" and "the file of grants is not replaced" in caplog.text)
        assert f"{path}: grant 1: namespace: 'a/b'" in caplog.text
        path.unlink()
        eventually(lambda: reason_of(client, ada) == "" and "No such file" in caplog.text)
        path.write_text("")
        eventually(lambda: reason_of(client, ada) == "PERMISSION_DENIED")
