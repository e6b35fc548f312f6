"""Changes to the file of tokens: whole or not at all, and one after the other."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from activity_session_server.rpc.authentication.tokens import Token, to_bytes, tokens_in
from activity_session_server.rpc.files import FileError

_MODE = 0o600


def add(path: str, token: Token) -> None:
    """Add a token; makes the file where there is none.

    Raises:
        FileError: the file cannot be read or written, or is no file of tokens.
    """
    _change(path, lambda tokens: [*tokens, token])


def remove(path: str, id_: str) -> None:
    """Remove the token that has an id.

    Raises:
        FileError: there is none; or as above.
    """

    def without(tokens: Sequence[Token]) -> Sequence[Token]:
        left = [token for token in tokens if token.id != id_]
        if len(left) == len(tokens):
            raise FileError(f"{path}: there is no token with the id {id_}")
        return left

    _change(path, without)


def _change(path: str, change: Callable[[Sequence[Token]], Sequence[Token]]) -> None:
    # Where a link leads, so that the link stays one.
    file = Path(path).resolve()
    try:
        with _alone_in(file.parent) as folder:
            tokens = tokens_in(file) if file.exists() else ()
            _replace(file, to_bytes(change(tokens)))
            # Otherwise a token that was revoked could be back after a loss of power.
            os.fsync(folder)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from error


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[int]:
    """Keep other commands waiting; yields the folder. It has the lock, since the file is another one after a change."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _replace(file: Path, content: bytes) -> None:
    """Have a file hold this. Who reads it, also after a crash, finds all of the old content or all of the new."""
    # Its name is always the same, so that a command that is killed leaves one at most, which the next one overwrites.
    new = file.with_name(file.name + ".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _MODE)
    with os.fdopen(handle, "wb") as opened:
        os.fchmod(handle, _MODE)
        if file.exists():
            # A server that may read the file can read the new one too, also where root has written it.
            before = file.stat()
            os.fchown(handle, before.st_uid, before.st_gid)
        opened.write(content)
        opened.flush()
        os.fsync(handle)
    new.replace(file)
