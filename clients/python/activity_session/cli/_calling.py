"""The channel of a command, and what is told of an error."""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc

from activity_session import _channels
from activity_session._connection import connect
from activity_session.cli._options import variable
from activity_session.errors import Error

# The server returns no more on one page.
_PAGE = 1000


def connected(flags: argparse.Namespace) -> grpc.Channel:
    """Return a channel as the flags want it, to be closed.

    Raises:
        OSError: a file cannot be read.
        ValueError: what it has is no token.
    """
    options = [("grpc.ssl_target_name_override", flags.tls_server_name)] if flags.tls_server_name else []
    channel = connect(flags.target, token=_token(flags), tls=_tls(flags), options=options)
    return _channels.with_target(grpc.intercept_channel(channel, _Within(flags.timeout)), flags.target)


def pages(call: Callable[[Any], Any], request: Any, field: str, number: int) -> Iterator[Any]:
    """Yield what a list has, page by page, in pages of that number."""
    request.page_size = min(number, _PAGE)
    while True:
        page = call(request)
        yield from getattr(page, field)
        request.page_token = page.next_page_token
        if not request.page_token:
            return


def told(error: Error, target: str) -> str:
    """Return what an error says; one that no server has made says where there should be a server."""
    return str(error) if error.reason else f"{target}: {error}"


class _Within(grpc.UnaryUnaryClientInterceptor):
    """Ends each call that has no timeout of its own after some seconds, retries and all. A watch goes on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        seconds = self._seconds if details.timeout is None else details.timeout
        ended = continuation(details._replace(timeout=seconds), request)
        if isinstance(ended, Error):  # gRPC takes each of its errors for a call
            raise ended
        return ended


def _token(flags: argparse.Namespace) -> _channels.Token:
    """Return the token; of a file as it is when a call is made, since a watch may outlive it."""
    if flags.token_file:
        read = partial(_token_in, Path(flags.token_file))
        read()
        return read
    return _checked(variable("token"), "ACTIVITY_SESSION_TOKEN") or None


def _token_in(path: Path) -> str:
    return _checked(path.read_text(encoding="utf-8", errors="replace"), str(path))


def _checked(text: str, source: str) -> str:
    """Return the token of a text; gRPC would show one that it cannot send."""
    token = text.strip()
    if not (token.isascii() and token.isprintable()):
        raise ValueError(f"{source}: it has characters that no token has")
    return token


def _tls(flags: argparse.Namespace) -> _channels.Tls:
    files = (flags.tls_ca_file, flags.tls_key_file, flags.tls_certificate_file)
    if not any(files):
        return bool(flags.tls)
    if bool(flags.tls_key_file) != bool(flags.tls_certificate_file):
        raise ValueError("--tls-certificate-file and --tls-key-file: each needs the other")
    return grpc.ssl_channel_credentials(*(Path(file).read_bytes() if file else None for file in files))
