"""JSON over HTTP: names, bodies, queries and headers, and what is refused."""

import gzip
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from activity_session.v1.session_service_pb2 import GetSessionRequest
from activity_session_server.app import App
from activity_session_testing.http_calls import HttpClient
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client, connected, failure, serving, unique
from activity_session_testing.steps import list_events, new_session

MEMORY = "sqlite:///:memory:"
DEFAULT = "/v1/namespaces/default"
ORIGIN = "https://app.example.com"
NAMES = [
    "trip to 京都",
    "🏯👩‍👩‍👧",
    "100%",
    "a%2Fb",
    "%2f",
    "1+1=2&3",
    "what?",
    "#1",
    '"it\'s"',
    "a:b:undelete",
    "..",
    "a;b,c",
    "{x}*",
    "\\",
    "שלום",
    "~._-",
]


@pytest.fixture(scope="module")
def server() -> Iterator[App]:
    with serving(MEMORY, http_address="127.0.0.1:0", http_cors_origins=f"{ORIGIN}, http://localhost:3000") as server:
        yield server


@pytest.fixture(scope="module")
def http(server: App) -> HttpClient:
    return HttpClient(server.http_address)


@pytest.fixture(scope="module")
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


@pytest.fixture
def session(client: Client) -> str:
    return new_session(client, "namespaces/default", unique("http")).name


def test_each_rpc_has_a_path_that_is_served(http: HttpClient) -> None:
    for rpc in RPCS.values():
        for binding in rpc.bindings:
            kind = binding.WhichOneof("pattern")
            path = re.sub(r"\{[^=}]*=([^}]*)\}", r"\1", getattr(binding, kind)).replace("*", "x")
            answer = http.call(kind.upper(), path, b"[]" if binding.body else None)
            # Whatever it says, it is about the call: a path or a method that is not served has no call id.
            assert "x-call-id" in answer.headers, (rpc.name, path)


@pytest.mark.parametrize("name", NAMES)
def test_a_session_may_have_any_name(http: HttpClient, client: Client, name: str) -> None:
    made = http.call("POST", f"{DEFAULT}/sessions?session_id={quote(name, safe='')}", {"description": name})
    assert made.json["name"] == f"namespaces/default/sessions/{name}"
    path = f"{DEFAULT}/sessions/{quote(name, safe='')}"
    assert http.call("GET", path).json == made.json
    http.call("POST", f"{path}/events:append", {"events": [{"text": name}]})
    assert list_events(client, made.json["name"])[0].text == name


def test_an_encoded_slash_is_none_between_segments(http: HttpClient, client: Client) -> None:
    made = new_session(client, "namespaces/default", "before%2Fafter")
    # As it came (google/api/http.proto), and by the name of the session with its own percent encoded.
    for path in "before%2Fafter", "before%252Fafter":
        assert http.call("GET", f"{DEFAULT}/sessions/{path}").json["uid"] == made.uid


@pytest.mark.parametrize("path", ["%ff", "%e4%ba"])
def test_a_path_that_is_not_utf_8_is_refused(http: HttpClient, path: str) -> None:
    answer = http.call("GET", f"{DEFAULT}/sessions/{path}")
    assert (answer.code, answer.reason, answer.fields) == (400, "INVALID_FIELD", ["name"])


@pytest.mark.parametrize("path", ["/v1", "/v2/serverInfo", f"{DEFAULT}/", "/v1//default", f"{DEFAULT}/sess%69onz"])
def test_a_path_that_means_nothing_is_not_repeated(http: HttpClient, path: str) -> None:
    answer = http.call("GET", f"{path}?token=secret")
    assert (answer.code, answer.error["status"]) == (404, "NOT_FOUND")
    assert b"secret" not in answer.raw
    assert answer.error["message"].startswith("there is nothing at this path")


def test_a_method_that_a_path_does_not_have_is_refused_with_those_it_has(http: HttpClient) -> None:
    answer = http.call("PUT", f"{DEFAULT}/sessions/a")
    assert (answer.code, answer.headers["allow"]) == (405, "DELETE, GET, PATCH")


def test_head_is_get_without_the_body(http: HttpClient) -> None:
    answer = http.call("HEAD", DEFAULT)
    assert (answer.code, answer.raw) == (200, b"")
    assert "etag" in answer.headers


@pytest.mark.parametrize(
    ("body", "path", "text"),
    [
        ({"foo": 1}, "session.foo", "there is no such field"),
        ({"settings": {"memory": {"bar": 1}}}, "session.settings.memory.bar", "there is no such field"),
        ({"participants": [{}, {"who": 1}]}, "session.participants[1].who", "there is no such field"),
        ({"labels": {"a": 1}}, "session.labels", "'{\"a\":1}' is not an object of JSON with texts"),
        ({"enabled": "yes"}, "session.enabled", "'yes' is not true or false"),
        ({"expireTime": "soon"}, "session.expire_time", "'soon' is not a time, such as 2026-01-31T09:30:00Z"),
        ({"description": 5}, "session.description", "'5' is not a text"),
        ([], "session", "it must be an object of JSON"),
    ],
)
def test_the_field_of_a_mistake_is_named(http: HttpClient, body: Any, path: str, text: str) -> None:
    answer = http.call("POST", f"{DEFAULT}/sessions", body)
    assert (answer.code, answer.reason, answer.fields) == (400, "INVALID_FIELD", [path])
    assert answer.error["details"][1]["fieldViolations"][0]["description"] == text


@pytest.mark.parametrize("raw", [b"{", b'{"a":1,}', b"nothing", b'{"a":"\\ud800"}', b"\xff", b"[" * 5000])
def test_what_is_not_json_is_refused_with_where(http: HttpClient, raw: bytes) -> None:
    answer = http.call("POST", f"{DEFAULT}/sessions", raw)
    assert (answer.code, answer.reason, answer.fields) == (400, "INVALID_FIELD", ["request"])
    assert "at line 1, column" in answer.error["message"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("foo=1", "query.foo"),
        ("parent=x", "query.parent"),
        ("pageSize=many", "page_size"),
        ("pageSize=1&pageSize=2", "page_size"),
        ("showDeleted=1", "show_deleted"),
        ("view=LOUD", "view"),
        ("filter=%ff", "query"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(http: HttpClient, query: str, path: str) -> None:
    answer = http.call("GET", f"{DEFAULT}/sessions?{query}")
    assert (answer.code, answer.reason, answer.fields) == (400, "INVALID_FIELD", [path])


@pytest.mark.parametrize("mask", ["description,labels.a_b", "description%2Clabels.a_b"])
def test_a_query_has_names_of_both_kinds(http: HttpClient, session: str, mask: str) -> None:
    body = {"description": "new", "labels": {"a_b": "1"}, "expireTime": "2100-01-01T00:00:00Z"}
    answer = http.call("PATCH", f"/v1/{session}?updateMask={mask},expireTime&request_id={unique('r')}", body)
    assert {name: answer.json[name] for name in body} == body
    listed = http.call("GET", f"{DEFAULT}/sessions?pageSize=1&order_by=name&view=SESSION_VIEW_FULL&showDeleted=true")
    assert len(listed.json["sessions"]) == 1


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_kind_is_refused(http: HttpClient, kind: str) -> None:
    answer = http.call("POST", f"{DEFAULT}/sessions", b"{}", Content_Type=kind)
    assert (answer.code, answer.fields) == (415, ["Content-Type"])


def test_an_etag_is_a_header_too(http: HttpClient, session: str) -> None:
    read = http.call("GET", f"/v1/{session}")
    etag = read.headers["etag"]
    assert etag == read.json["etag"]
    for given in etag, f'"x", W/{etag}', "*":
        same = http.call("GET", f"/v1/{session}", If_None_Match=given)
        assert (same.code, same.raw, same.headers["etag"]) == (304, b"", etag)
    changed = http.call("PATCH", f"/v1/{session}?updateMask=description", {"description": "1"}, If_Match=etag)
    assert (changed.code, changed.headers["etag"]) == (200, changed.json["etag"])
    late = http.call("PATCH", f"/v1/{session}?updateMask=description", {"description": "2"}, If_Match=etag)
    assert (late.code, late.reason) == (409, "ETAG_MISMATCH")
    assert http.call("GET", f"/v1/{session}", If_None_Match=etag).json["description"] == "1"


def test_an_etag_that_is_given_twice_must_be_the_same(http: HttpClient, session: str) -> None:
    etag = http.call("GET", f"/v1/{session}").headers["etag"]
    differing = http.call("DELETE", f"/v1/{session}?etag=other", If_Match=etag)
    assert (differing.reason, differing.fields) == ("INVALID_FIELD", ["etag"])
    assert http.call("DELETE", f"/v1/{session}?etag={quote(etag)}", If_Match=etag).code == 200


@pytest.mark.parametrize(("path", "body"), [("/events:append", {"events": [{"text": "a"}]}), ("", {})])
def test_a_write_that_changes_nothing_with_an_etag_refuses_if_match(
    http: HttpClient, session: str, path: str, body: dict[str, Any]
) -> None:
    # The second one creates a session.
    above = f"/v1/{session}" if path else f"/v1/{session.rpartition('/')[0]}"
    answer = http.call("POST", f"{above}{path}", body, If_Match='"x"')
    assert (answer.reason, answer.fields) == ("INVALID_FIELD", ["If-Match"])


def test_an_idempotency_key_is_the_request_id(http: HttpClient, client: Client, session: str) -> None:
    key, body = unique("key"), {"events": [{"text": "once"}]}
    first = http.call("POST", f"/v1/{session}/events:append", body, Idempotency_Key=key)
    again = http.call("POST", f"/v1/{session}/events:append", {**body, "requestId": key}, Idempotency_Key=f'"{key}"')
    assert first.json == again.json
    assert len(list_events(client, session)) == 1
    other = http.call("POST", f"/v1/{session}/events:append", {**body, "requestId": "another"}, Idempotency_Key=key)
    assert other.fields == ["request_id"]


def test_long_responses_are_compressed_for_those_who_take_it(http: HttpClient, session: str) -> None:
    plain = http.call("GET", "/v1/serverInfo")
    assert "content-encoding" not in plain.headers
    packed = http.call("GET", "/v1/serverInfo", Accept_Encoding="br, gzip;q=0.5")
    assert gzip.decompress(packed.raw) == plain.raw if len(plain.raw) >= 1024 else packed.raw == plain.raw
    long = "x" * 5000
    http.call("PATCH", f"/v1/{session}?updateMask=description", {"description": long})
    answer = http.call("GET", f"/v1/{session}", Accept_Encoding="gzip")
    assert (answer.headers["content-encoding"], long.encode() in gzip.decompress(answer.raw)) == ("gzip", True)
    refused = http.call("GET", f"/v1/{session}", Accept_Encoding="gzip;q=0")
    assert "content-encoding" not in refused.headers


def test_bodies_may_be_compressed(http: HttpClient) -> None:
    name = unique("packed")
    body = gzip.compress(f'{{"sessionId": "{name}"}}'.encode())
    answer = http.call("POST", f"{DEFAULT}/sessions:ensure", body, Content_Encoding="gzip")
    assert answer.json["session"]["name"].endswith(name)
    for broken in b"no gzip", body[:-4], body + b"more":
        refused = http.call("POST", f"{DEFAULT}/sessions:ensure", broken, Content_Encoding="gzip")
        assert (refused.code, refused.fields) == (400, ["request"])
    assert http.call("POST", f"{DEFAULT}/sessions:ensure", body, Content_Encoding="br").code == 415


def test_a_body_has_the_limit_of_a_request(http: HttpClient, client: Client) -> None:
    most = 4 * 1024 * 1024
    long = failure(client.sessions.GetSession, GetSessionRequest(name="x" * most))
    for body, encoding in (b" " * (most + 1), "identity"), (gzip.compress(b" " * 10 * most), "gzip"):
        answer = http.call("POST", f"{DEFAULT}/sessions", body, Content_Encoding=encoding)
        assert (answer.code, answer.reason, answer.fields) == (400, long.reason, long.fields)


def test_a_body_has_no_more_values_than_a_request(http: HttpClient, session: str) -> None:
    body = b'{"events": [' + b"{}," * 100_000 + b"{}]}"
    answer = http.call("POST", f"/v1/{session}/events:append", body)
    assert (answer.reason, answer.fields) == ("LIMIT_EXCEEDED", ["request"])


def test_commas_in_a_text_are_no_values(http: HttpClient, session: str) -> None:
    text = ',"{[' * 60_000
    answer = http.call("POST", f"/v1/{session}/events:append", {"events": [{"text": text}]})
    assert answer.json["events"][0]["text"] == text


def test_a_read_takes_no_body(http: HttpClient) -> None:
    assert http.call("GET", DEFAULT, {"name": "x"}).fields == ["request"]


def test_a_call_id_is_taken_and_given(http: HttpClient) -> None:
    assert http.call("GET", DEFAULT, x_call_id="mine").headers["x-call-id"] == "mine"
    assert http.call("GET", DEFAULT, X_Request_Id="its").headers["x-call-id"] == "its"
    assert len(http.call("GET", f"{DEFAULT}x").headers["x-call-id"]) == 32


@pytest.mark.parametrize("seconds", ["soon", "-1", "0", "nan", "inf"])
def test_a_timeout_is_seconds(http: HttpClient, seconds: str) -> None:
    answer = http.call("GET", DEFAULT, X_Server_Timeout=seconds)
    assert (answer.code, answer.fields) == (400, ["X-Server-Timeout"])


def test_a_call_is_over_at_its_timeout(http: HttpClient) -> None:
    answer = http.call("GET", DEFAULT, X_Server_Timeout="0.0000001")
    assert (answer.code, answer.error["status"]) == (504, "DEADLINE_EXCEEDED")


def test_pages_of_origins_that_are_named_may_call(http: HttpClient) -> None:
    asked = http.call(
        "OPTIONS",
        DEFAULT,
        Origin=ORIGIN,
        Access_Control_Request_Method="PATCH",
        Access_Control_Request_Headers="if-match",
    )
    assert (asked.code, asked.headers["access-control-allow-origin"]) == (200, ORIGIN)
    answer = http.call("POST", f"{DEFAULT}/sessions", {}, Origin=ORIGIN)
    assert (answer.code, answer.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert "ETag" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in http.call("GET", DEFAULT, Origin="https://evil.example").headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_pages_of_other_origins_may_not_write(http: HttpClient, origin: str) -> None:
    assert http.call("POST", f"{DEFAULT}/sessions", Origin=origin).code == 403


def test_own_pages_may_write(http: HttpClient) -> None:
    assert http.call("POST", f"{DEFAULT}/sessions", {}, Origin=f"http://{http.address}").code == 200


@pytest.mark.parametrize(("host", "code"), [("evil.example", 403), ("localhost:1", 200), ("app.example.com", 200)])
def test_a_name_that_was_made_to_mean_this_machine_is_refused(http: HttpClient, host: str, code: int) -> None:
    assert http.call("GET", DEFAULT, Host=host).code == code


def test_without_an_address_nothing_of_it_is_loaded() -> None:
    script = (
        "import sys\n"
        "from activity_session_server import app\n"
        "from activity_session_server.settings import Settings\n"
        f"with app.running(Settings(address='127.0.0.1:0', database_url='{MEMORY}')):\n"
        "    found = [name for name in ('starlette', 'uvicorn', 'httptools', 'uvloop') if name in sys.modules]\n"
        "    found += [name for name in sys.modules if name.startswith('activity_session_server.http')]\n"
        "assert not found, found\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
