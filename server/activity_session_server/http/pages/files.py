"""The files of pages, which are kept in memory: they are few, and the loop of HTTP waits for no disk."""

from functools import cached_property
from hashlib import sha256
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from activity_session_server.http import responses
from activity_session_server.http.headers import form_of

_INDEX = "index.html"
# The build gives each file in this folder a name with its hash: another content has another name.
_HASHED = "assets"
# By the end of a name. The machine's own table, which `mimetypes` reads, may have another type for a script, which
# browsers then do not run.
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_ANY_KIND = "application/octet-stream"
_KEPT_FOREVER = (b"cache-control", b"public, max-age=31536000, immutable")


class File:
    """One file, as an ASGI application for GET and HEAD."""

    def __init__(self, content: bytes, kind: str, headers: responses.Headers) -> None:
        self._content, self._kind = content, kind.encode()
        # Weak, since it is that of the compressed file too.
        self._etag = f'"{sha256(content).hexdigest()[:32]}"'
        self._headers = [*headers, (b"etag", f"W/{self._etag}".encode())]

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the file, or that the client has it."""
        form = form_of(dict(scope["headers"]), reads=True)
        if responses.matches(form.if_none_match, self._etag):
            response = responses.Response(304, self._headers, b"")
        else:
            response = self._compressed if form.takes_gzip else self._plain
        await responses.send(send, response)

    @cached_property
    def _plain(self) -> responses.Response:
        return responses.with_body(200, self._headers, self._kind, self._content, takes_gzip=False)

    # Once, when it is first asked for: the largest takes 50 ms.
    @cached_property
    def _compressed(self) -> responses.Response:
        return responses.with_body(200, self._headers, self._kind, self._content, takes_gzip=True)


def files_in(folder: Path, headers: responses.Headers, at: str = "/") -> dict[str, ASGIApp]:
    """The files of a folder, and of `assets` in it, by their paths from `at` on, where index.html is itself."""
    paths = (path for path in (*folder.glob("*"), *folder.glob(f"{_HASHED}/*")) if path.is_file())
    return {_path_of(at, path.relative_to(folder)): _file(folder, path, headers) for path in paths}


def _path_of(at: str, path: Path) -> str:
    return at if path.name == _INDEX else f"{at}{path.as_posix()}"


def _file(folder: Path, path: Path, headers: responses.Headers) -> File:
    is_hashed = path.relative_to(folder).parts[0] == _HASHED
    caching = [_KEPT_FOREVER] if is_hashed else responses.KEPT
    return File(path.read_bytes(), _KINDS.get(path.suffix, _ANY_KIND), [*headers, *caching])
