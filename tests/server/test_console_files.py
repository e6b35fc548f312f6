"""The files of the console: where they are, what a browser may keep of them, and what it is told that they may do."""

import gzip
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from activity_session_server import __version__
from activity_session_server.http.pages import built
from activity_session_testing.callers import new_token
from activity_session_testing.console import built_console, lacking
from activity_session_testing.http_calls import HttpClient
from activity_session_testing.processes import run, serving_process
from activity_session_testing.servers import serving

MEMORY = "sqlite:///:memory:"
HTTP = {"http_address": "127.0.0.1:0"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SCRIPT = "const text = '京都';\n" * 100
FILES = {
    "index.html": "<!doctype html><title>Activity Session</title>",
    "assets/index-Dk3_x-9Q.js": SCRIPT,
    "assets/index-B7aPz0Ty.css": "body { margin: 0 }",
    "favicon.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "docs/index.html": "<!doctype html><title>The API</title>",
    "docs/assets/index-Cx81mmQz.js": "const of = 'the API';",
}
KINDS = {
    "/": "text/html; charset=utf-8",
    "/assets/index-Dk3_x-9Q.js": "text/javascript; charset=utf-8",
    "/assets/index-B7aPz0Ty.css": "text/css; charset=utf-8",
    "/favicon.svg": "image/svg+xml",
}
DOCS = {
    "/docs/": "text/html; charset=utf-8",
    "/docs/assets/index-Cx81mmQz.js": "text/javascript; charset=utf-8",
}
FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A console as its build leaves it, and a file beside it."""
    folder = tmp_path_factory.mktemp("package") / "console"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    folder.with_name("secret").write_text("beside it")
    return folder


@pytest.fixture(scope="module")
def http(folder: Path) -> Iterator[HttpClient]:
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(built, "FOLDER", folder)
            server = stack.enter_context(serving(MEMORY, **HTTP))
        yield HttpClient(server.http_address)


@pytest.mark.parametrize("path", KINDS | DOCS)
def test_each_file_is_there_with_its_type_and_what_it_may_do(http: HttpClient, path: str) -> None:
    found = http.call("GET", path)
    name = f"{path[1:]}index.html" if path.endswith("/") else path[1:]
    assert (found.code, found.raw.decode()) == (200, FILES[name])
    assert found.headers["content-type"] == (KINDS | DOCS)[path]
    assert found.headers["content-security-policy"] == POLICY
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["referrer-policy"] == "no-referrer"
    assert found.headers["cross-origin-opener-policy"] == "same-origin"
    assert found.headers["cache-control"] == (FOREVER if "/assets/" in path else "no-cache")


@pytest.mark.parametrize("path", KINDS)
def test_who_has_a_file_is_not_sent_it_again(http: HttpClient, path: str) -> None:
    found = http.call("GET", path)
    again = http.call("GET", path, If_None_Match=found.headers["etag"])
    assert (again.code, again.raw, again.headers["etag"]) == (304, b"", found.headers["etag"])
    assert again.headers["content-security-policy"] == POLICY
    assert http.call("GET", path, If_None_Match='W/"another"').code == 200


def test_a_head_has_no_body(http: HttpClient) -> None:
    found = http.call("HEAD", "/")
    assert (found.code, found.raw) == (200, b"")
    assert found.headers == {**http.call("GET", "/").headers, "date": found.headers["date"]}


def test_a_long_file_comes_in_gzip_where_that_is_taken(http: HttpClient) -> None:
    found = http.call("GET", "/assets/index-Dk3_x-9Q.js", Accept_Encoding="gzip")
    assert (found.headers["content-encoding"], found.headers["vary"]) == ("gzip", "accept-encoding")
    assert gzip.decompress(found.raw).decode() == SCRIPT
    assert "content-encoding" not in http.call("GET", "/", Accept_Encoding="gzip").headers, "too short"


@pytest.mark.parametrize(
    "path",
    ["/index.html", "/assets/", "/assets/none.js", "//", "/../secret", "/%2e%2e/secret", "/assets/../index.html"],
)
def test_there_is_nothing_else(http: HttpClient, path: str) -> None:
    assert http.call("GET", path).error["status"] == "NOT_FOUND"


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH"])
def test_nothing_else_than_reading_means_a_page(http: HttpClient, method: str) -> None:
    assert http.call(method, "/").error["status"] == "NOT_FOUND"


def test_a_host_that_a_page_made_mean_this_machine_gets_no_page(http: HttpClient) -> None:
    assert http.call("GET", "/", Host="evil.example.com").error["status"] == "PERMISSION_DENIED"


@pytest.mark.parametrize(("console", "writes"), [("read-only", "false"), ("read-write", "true")])
def test_the_page_is_told_the_version_and_whether_it_may_write(
    monkeypatch: pytest.MonkeyPatch, folder: Path, console: str, writes: str
) -> None:
    monkeypatch.setattr(built, "FOLDER", folder)
    with serving(MEMORY, **HTTP, console=console) as server:
        told = HttpClient(server.http_address).call("GET", "/console.json")
    assert told.raw.decode() == f'{{"version":"{__version__}","writes":{writes}}}'
    assert (told.headers["content-type"], told.headers["cache-control"]) == ("application/json", "no-store")


def test_it_needs_no_credentials_where_calls_do(monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path) -> None:
    monkeypatch.setattr(built, "FOLDER", folder)
    new_token(tmp_path / "tokens")
    with serving(MEMORY, **HTTP, tokens_file=str(tmp_path / "tokens")) as server:
        http = HttpClient(server.http_address)
        assert http.call("GET", "/").code == 200
        assert http.call("GET", "/v1/serverInfo").code == 401


def test_one_that_is_off_is_not_there(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(built, "FOLDER", folder)
    with serving(MEMORY, **HTTP, console="off") as server:
        http = HttpClient(server.http_address)
        for path in (*KINDS, "/console.json"):
            assert http.call("GET", path).error["status"] == "NOT_FOUND"
        assert http.call("GET", "/docs/").code == 200


def test_the_page_about_the_api_is_there_where_the_schema_is_shown(
    monkeypatch: pytest.MonkeyPatch, http: HttpClient, folder: Path
) -> None:
    sent = http.call("GET", "/docs")
    assert (sent.code, sent.headers["location"]) == (307, "docs/")
    monkeypatch.setattr(built, "FOLDER", folder)
    with serving(MEMORY, **HTTP, reflection="off") as server:
        http = HttpClient(server.http_address)
        for path in (*DOCS, "/docs", "/openapi.json"):
            assert http.call("GET", path).error["status"] == "NOT_FOUND"
        assert http.call("GET", "/").code == 200


def test_one_that_is_not_built_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(built, "FOLDER", tmp_path)
    with serving(MEMORY, **HTTP) as server:
        http = HttpClient(server.http_address)
        said = http.call("GET", "/")
        assert (said.code, said.headers["content-type"]) == (404, "text/plain; charset=utf-8")
        assert "make console" in said.raw.decode()
        for path in ("/console.json", "/docs", "/docs/"):
            assert http.call("GET", path).error["status"] == "NOT_FOUND"
        assert http.call("GET", "/openapi.json").code == 200


def test_its_address_is_told_at_the_start_if_it_is_there(tmp_path: Path) -> None:
    with serving_process(tmp_path / "log", "--database-url", MEMORY, "--http-address", "127.0.0.1:0") as process:
        address = process.http_address
        assert HttpClient(address).call("GET", "/").code == (200 if built.is_console_built() else 404)
        process.process.terminate()
        assert process.process.stdout is not None
        lines = process.process.stdout.read().splitlines()
    assert lines == ([f"console at http://{address}/"] if built.is_console_built() else [])


def test_the_one_that_is_built_asks_for_nothing_but_its_own_files() -> None:
    if missing := lacking():
        pytest.skip(missing)
    built_console()
    with serving(MEMORY, **HTTP) as server:
        http = HttpClient(server.http_address)
        page = http.call("GET", "/").raw.decode()
        named = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert [path for path in named if http.call("GET", path).code != 200] == []
        assert {path.rpartition(".")[2] for path in named} == {"css", "js", "svg"}
        assert "<style" not in page
        assert re.findall(r"<script(?![^>]* src=)", page) == []
        assert "## preact - " in http.call("GET", "/licenses.txt").raw.decode()
        assert "## swagger-ui-dist - " in http.call("GET", "/docs/licenses.txt").raw.decode()


def test_a_value_that_it_does_not_have_is_refused() -> None:
    refused = run("check", "--console", "on")
    assert refused.returncode == 2
    assert "console: Input should be 'off', 'read-only' or 'read-write'" in refused.stderr
