"""Who calls: with which credentials, or with none where a server allows it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import UpdateNamespaceRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import EnsureSessionRequest, WatchSessionRequest
from activity_session_server import app
from activity_session_server.rpc.authentication import Authentication, Ways
from activity_session_server.rpc.authentication.grants import read_grants
from activity_session_server.rpc.authentication.jwts import LEEWAY, Jwts
from activity_session_server.rpc.authentication.key_sources import key_source
from activity_session_server.rpc.authentication.known import Known
from activity_session_server.rpc.authentication.tokens import read_tokens
from activity_session_server.rules.access.callers import Caller
from activity_session_server.rules.access.roles import Role
from activity_session_server.rules.errors import ServiceError
from activity_session_server.settings import Settings, SettingsError
from activity_session_testing.callers import (
    GRANTS,
    NAMESPACE,
    bearer,
    get_namespace,
    new_token,
    reason_of,
    refusal,
    subject_seen,
)
from activity_session_testing.issuers import AUDIENCE, ISSUER, Issuer
from activity_session_testing.moments import eventually
from activity_session_testing.processes import run, serving_process
from activity_session_testing.servers import Client, Failure, connected, serving
from activity_session_testing.steps import new_session

MEMORY = "sqlite:///:memory:"
TLS = {"tls_certificate_file": "x", "tls_key_file": "x"}
JWT = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwt_keys": "x"}


class Files:
    """A server's files: tokens, of which one is made, grants, and the keys of an issuer."""

    def __init__(self, folder: Path) -> None:
        self.tokens, self.grants, self.keys = folder / "tokens.json", folder / "grants.toml", folder / "keys.json"
        self.token = new_token(self.tokens)
        self.grants.write_text(GRANTS)
        self.issuer = Issuer()
        self.keys.write_bytes(self.issuer.key_set)

    @property
    def settings(self) -> dict[str, str]:
        return {"tokens_file": str(self.tokens), "grants_file": str(self.grants)}

    @property
    def with_jwt(self) -> dict[str, str]:
        return {**self.settings, **JWT, "jwt_keys": str(self.keys)}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def client(files: Files) -> Iterator[Client]:
    """One of a server that takes tokens only."""
    with serving(MEMORY, **files.settings) as server, connected(server.address) as client:
        yield client


def test_several_ways_hold_at_once_and_one_subject_may_use_both(files: Files) -> None:
    with serving(MEMORY, **files.with_jwt) as server, connected(server.address) as client:
        for token in (files.token, files.issuer.sign()):
            assert subject_seen(client, bearer(token)) == "ada"
            get_namespace(client, bearer(token))
        assert subject_seen(client, bearer(files.issuer.sign(sub="eve"))) == "eve"


def test_without_credentials_nobody_is_served_where_callers_are_told_apart(client: Client) -> None:
    assert refusal(client) == "the call has no credentials"


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Basic YTpi", "ast_nobody", "Bearer ast_nobody", "Bearer a.b.c"]
)
def test_credentials_that_do_not_hold_are_refused_also_where_none_are_needed(files: Files, value: str) -> None:
    with serving(MEMORY, **files.with_jwt, allow_anonymous=True) as server, connected(server.address) as client:
        get_namespace(client)
        assert refusal(client, (("authorization", value),))


def test_two_credentials_are_refused_also_if_both_hold(files: Files, client: Client) -> None:
    assert refusal(client, (*bearer(files.token), *bearer(files.token)))


def test_the_scheme_is_written_in_any_case(files: Files, client: Client) -> None:
    get_namespace(client, (("authorization", f"bEARER {files.token}"),))


def test_a_server_that_cannot_tell_callers_apart_does_not_look_at_credentials() -> None:
    with serving(MEMORY) as server, connected(server.address) as client:
        get_namespace(client, bearer("of a proxy"))


@pytest.mark.parametrize("role", Role)
def test_who_has_no_credentials_has_the_role_of_the_setting(files: Files, role: Role) -> None:
    settings = {**files.settings, "anonymous_role": role}
    with serving(MEMORY, allow_anonymous=True, **settings) as server, connected(server.address) as client:
        get_namespace(client)
        assert may(client, Role.WRITER) == role.includes(Role.WRITER)
        assert may(client, Role.ADMIN) == role.includes(Role.ADMIN)


def may(client: Client, role: Role) -> bool:
    """Return whether a caller may do what takes a role."""
    changed = UpdateNamespaceRequest(namespace=Namespace(name=NAMESPACE, description="x"))
    changed.update_mask.paths.append("description")
    try:
        if role is Role.WRITER:
            new_session(client, NAMESPACE)
        else:
            client.namespaces.UpdateNamespace(changed)
    except grpc.RpcError as error:
        if Failure(error).reason == "PERMISSION_DENIED":
            return False
        raise
    return True


def test_probes_need_no_credentials(files: Files) -> None:
    with serving(MEMORY, **files.settings) as server, connected(server.address) as client:
        response = health_pb2_grpc.HealthStub(client.channel).Check(health_pb2.HealthCheckRequest())
        assert response.status == health_pb2.HealthCheckResponse.SERVING
        assert run("health", "--address", server.address).stdout == "SERVING\n"


def test_a_caller_without_grants_may_do_nothing(files: Files) -> None:
    files.grants.write_text("")
    with serving(MEMORY, **files.settings) as server, connected(server.address) as client:
        assert subject_seen(client, bearer(files.token)) == "ada"
        assert reason_of(client, bearer(files.token)) == "PERMISSION_DENIED"


class Context(NamedTuple):
    """What is asked of gRPC's context of a call with a token."""

    token: str

    def invocation_metadata(self) -> Any:
        return bearer(self.token)


def test_a_watch_ends_soon_after_its_token_was_revoked(files: Files) -> None:
    ada = bearer(files.token)
    with serving(MEMORY, **files.settings, poll_interval=0.05) as server, connected(server.address) as client:
        ensure = EnsureSessionRequest(parent=NAMESPACE, session_id="s", session=Session())
        name = client.sessions.EnsureSession(ensure, metadata=ada).session.name
        watch = client.sessions.WatchSession(WatchSessionRequest(name=name), metadata=ada, timeout=20)
        assert next(watch).uid
        files.tokens.write_text('{"tokens": []}')
        with pytest.raises(grpc.RpcError) as ended:
            list(watch)
        assert Failure(ended.value).reason == "UNAUTHENTICATED"


def test_a_caller_is_renewed_with_what_is_granted_by_then_until_its_token_is_revoked(files: Files) -> None:
    """As watches ask for it, at each tick."""
    ways = Ways(grants=read_grants(str(files.grants)), tokens=read_tokens(str(files.tokens)))
    context: Any = Context(files.token)
    caller = Authentication(None, ways).caller_of(context)
    assert caller.renewed() is caller
    assert caller.role_in("default") is Role.WRITER
    files.grants.write_text(GRANTS.replace("writer", "reader"))
    eventually(lambda: caller.renewed().role_in("default") is Role.READER)
    assert caller.renewed().renewed().role_in("default") is Role.READER
    files.tokens.write_text('{"tokens": []}')
    eventually(lambda: not holds(caller))
    for shown in (repr(caller), repr(ways)):
        assert files.token not in shown


def test_a_caller_is_renewed_until_its_jwt_expires(files: Files) -> None:
    ways = Ways(jwts=Jwts(ISSUER, AUDIENCE, key_source(str(files.keys))))
    context: Any = Context(files.issuer.sign(exp=int(time.time()) - LEEWAY + 2))
    caller = Authentication(None, ways).caller_of(context)
    assert caller.renewed() is caller
    eventually(lambda: not holds(caller))


def holds(caller: Caller) -> bool:
    try:
        caller.renewed()
    except ServiceError as error:
        assert error.reason == ErrorReason.ERROR_REASON_UNAUTHENTICATED  # noqa: PT017
        return False
    return True


def test_of_the_callers_that_are_known_those_seen_last_are_kept_until_they_expire() -> None:
    known = Known(most=2)
    for name in ("a", "b"):
        known.put(name, Caller(name, ()), expires=10)
    assert known.get("a", now=9)
    known.put("c", Caller("c", ()), expires=20)
    assert [name for name in "abc" if known.get(name, now=9)] == ["a", "c"]
    assert [name for name in "abc" if known.get(name, now=10)] == ["c"]


# What a server is told beside its address, and what it says to that; nothing if it serves.
STARTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "on this machine": ({}, "127.0.0.1:0", ""),
    "on a socket": ({}, "unix:/tmp/x", ""),
    "for all": ({}, "0.0.0.0:0", "address: anybody who reaches 0.0.0.0:0 could call"),
    "for all, of IPv6": ({}, "[::]:0", "address: anybody who reaches"),
    "for all over TLS": (TLS, "0.0.0.0:0", "address: anybody who reaches"),
    "for all, as wanted": ({"allow_anonymous": True}, "0.0.0.0:0", ""),
    "nobody may do anything": ({"tokens_file": "x"}, "127.0.0.1:0", ""),
    "nobody has the grants": ({"grants_file": "x"}, "127.0.0.1:0", "grants_file: its subjects need tokens_file"),
    "tokens over TLS": ({"tokens_file": "x", "grants_file": "x", **TLS}, "0.0.0.0:0", ""),
    "tokens on this machine": ({"tokens_file": "x", "grants_file": "x"}, "127.0.0.1:0", ""),
    "tokens without TLS": ({"tokens_file": "x", "grants_file": "x"}, "0.0.0.0:0", "address: tokens would travel to"),
    "JWTs without TLS": ({**JWT, "grants_file": "x"}, "0.0.0.0:0", "address: tokens would travel to"),
    "behind a proxy": ({**JWT, "grants_file": "x", "allow_plaintext": True}, "0.0.0.0:0", ""),
    "grants in the claims": ({**JWT, "jwt_grants_claim": "grants"}, "127.0.0.1:0", ""),
}


@pytest.mark.parametrize(("settings", "address", "told"), STARTS.values(), ids=STARTS)
def test_a_server_that_anybody_could_use_or_whose_grants_nobody_has_is_refused(
    settings: dict[str, Any], address: str, told: str
) -> None:
    made = Settings.model_validate({**settings, "address": address})
    if not told:
        made.check_access()
        return
    with pytest.raises(SettingsError) as refused:
        made.check_access()
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_server_for_all_is_refused_with_one_sentence_that_says_what_to_set(command: str) -> None:
    done = run(command, "--address", "0.0.0.0:0", "--database-url", MEMORY)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "tokens_file, jwt_keys or tls_client_ca_file, with grants_file" in line
    assert "allow_anonymous" in line


def test_a_server_that_no_command_starts_is_refused_alike() -> None:
    settings = Settings.model_validate({"address": "0.0.0.0:0", "database_url": MEMORY})
    with pytest.raises(SettingsError, match="anybody"), app.running(settings):
        pass


@pytest.mark.parametrize("given", ["flag", "variable"])
def test_a_server_for_all_says_so_in_its_log(tmp_path: Path, given: str) -> None:
    flags = ["--allow-anonymous"] if given == "flag" else []
    variables = {"ACTIVITY_SESSION_ALLOW_ANONYMOUS": "yes"} if given == "variable" else {}
    flags += ["--address", "0.0.0.0:0", "--database-url", MEMORY, "--anonymous-role", "reader"]
    with serving_process(tmp_path / "log", *flags, **variables) as server:
        server.process.terminate()
        assert server.wait() == 0
        said = [line["message"] for line in server.log_lines() if line["level"] == "warning"]
    assert "there is no TLS on this address" in said
    assert "anybody who reaches this address may call, with the role reader" in said


def test_a_flag_without_a_value_takes_none() -> None:
    assert "ignored explicit argument" in run("serve", "--allow-anonymous=x").stderr
    wrong = run("serve", ACTIVITY_SESSION_ALLOW_ANONYMOUS="perhaps")
    assert (wrong.returncode, wrong.stderr.startswith("activity-session: settings: allow_anonymous: ")) == (2, True)


def test_no_token_is_ever_written(files: Files, tmp_path: Path) -> None:
    """Each way to refuse one, and to take one: none of it stands in the log, an error or a list of processes."""
    secrets = [files.token, f"{files.token}x", files.issuer.sign(), files.issuer.sign(exp=1), "Planted.planted.planted"]
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in files.with_jwt.items()]
    with serving_process(tmp_path / "log", "--database-url", MEMORY, *flags) as server:
        with connected(server.address) as client:
            told = [subject_seen(client, bearer(token)) for token in (secrets[0], secrets[2])]
            told += [refusal(client, bearer(token)) for token in (secrets[1], *secrets[3:])]
            told.append(refusal(client, (("authorization", secrets[0]),)))
        files.tokens.write_text(f'{{"tokens": ["{files.token}"]}}')
        with connected(server.address) as client:
            told.append(subject_seen(client, bearer(files.token)))
        told.append(Path(f"/proc/{server.process.pid}/cmdline").read_text())
        server.process.terminate()
        assert server.wait() == 0
        written = (tmp_path / "log").read_text() + "\n".join(told)
    assert written.count("UNAUTHENTICATED") >= 4
    for secret in secrets:
        assert secret not in written
        assert secret.rpartition(".")[2] not in written, "a signature"
