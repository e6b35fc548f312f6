"""Static tokens: a file that has their hashes, and for whom each is.

A token is 256 random bits. Nobody can try all of those, so one round of SHA-256 keeps them as well as a slow hash
would, which is made for passwords that people think of. And each call waits for it.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic.types import AwareDatetime, StringConstraints

from activity_session_server.rpc.authentication.subjects import subject_problem
from activity_session_server.rpc.files import FileError, FilesReadAgain, read_bytes

# By which people, and tools that look for secrets in code, know one.
PREFIX = "ast_"
_BYTES = 32
_ID_BYTES = 4


def _subject(value: str) -> str:
    if problem := subject_problem(value):
        raise ValueError(problem.text)
    return value


class Token(BaseModel):
    """What the file says of a token; `id` names it where the token itself must not be seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
    subject: Annotated[str, AfterValidator(_subject)]
    create_time: AwareDatetime
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: Sequence[Token]


def new_token(subject: str) -> tuple[str, Token]:
    """A new token for a subject, and what the file is to say of it."""
    token = PREFIX + secrets.token_urlsafe(_BYTES)
    now = datetime.now(UTC).replace(microsecond=0)
    return token, Token(id=secrets.token_hex(_ID_BYTES), subject=subject, create_time=now, sha256=digest(token).hex())


def digest(token: str) -> bytes:
    """What is kept of a token, and compared."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def read_tokens(path: str) -> Callable[[], Mapping[bytes, str]]:
    """What gives the subjects of the tokens in a file, by their digests; it is read again when it has changed.

    Raises:
        FileError: it cannot be read, or is no file of tokens.
    """
    file = Path(path)
    return FilesReadAgain([file], lambda: _subjects_in(file), "the file of tokens").current


def tokens_in(path: Path) -> Sequence[Token]:
    """What a file says of its tokens.

    Raises:
        FileError: it cannot be read, or is no file of tokens.
    """
    try:
        tokens = _Document.model_validate_json(read_bytes(path)).tokens
    except ValidationError as error:
        raise FileError(f"{path}: {_problem(error)}") from None
    if len({token.id for token in tokens}) < len(tokens):
        raise FileError(f"{path}: two tokens have the same id")
    return tokens


def to_bytes(tokens: Sequence[Token]) -> bytes:
    """The content of the file that says this of tokens."""
    return (_Document(tokens=tokens).model_dump_json(indent=2) + "\n").encode()


def _subjects_in(path: Path) -> Mapping[bytes, str]:
    return {bytes.fromhex(token.sha256): token.subject for token in tokens_in(path)}


def _problem(error: ValidationError) -> str:
    """The first thing that is wrong, and where, without the value: it may be a hash, or a token in its place."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg'].removeprefix('Value error, ')}"
