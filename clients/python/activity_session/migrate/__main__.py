"""The command `activity-session-migrate`: copies the store of a framework into the service."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc

from activity_session import aio, v1
from activity_session._calls import Calls
from activity_session._channels import Tls
from activity_session.errors import Error
from activity_session.migrate._copying import Copying, Refused, Source, SourceError
from activity_session.migrate._progress import Progress

_EXTRAS = {"adk": "adk,migrate", "langgraph": "langgraph", "openai": "migrate,openai-agents"}
# Errors of one session; after others the next one would fail too.
_OF_ONE = (
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.OUT_OF_RANGE,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Copy, and return the exit code: 1 if something was refused or failed, 130 after Ctrl-C."""
    flags = _parser().parse_args(arguments)
    try:
        framework = import_module(f"activity_session.migrate.{flags.framework}")
    except ImportError as error:
        return _fail(f'{error}: pip install "activity-session[{_EXTRAS[flags.framework]}]"')
    try:
        token = Path(flags.token_file).read_text().strip() if flags.token_file else None
        tls = grpc.ssl_channel_credentials(Path(flags.ca_file).read_bytes()) if flags.ca_file else flags.tls
        return asyncio.run(_run(flags, framework, token, tls))
    except KeyboardInterrupt:
        print("broken off: run it again to go on", file=sys.stderr)
        return 130
    except (SourceError, *framework.Source.errors) as error:
        return _fail(f"the source: {_first_line(error)}")
    except OSError as error:
        return _fail(str(error))
    except Error as error:
        return _fail(f"{flags.target}: {_explained(error)}")


async def _run(flags: argparse.Namespace, framework: Any, token: str | None, tls: Tls) -> int:
    progress = Progress(is_quiet=flags.quiet)
    async with aio.connect(flags.target, token=token, tls=tls) as channel:
        call = Calls(channel)
        source = framework.Source(flags.source, call, flags.namespace)
        try:
            await _copy(source, Copying(call, progress.added), progress)
        finally:
            source.close()
    print(progress.end())
    return 1 if progress.refused else 0


async def _copy(source: Source, copying: Copying, progress: Progress) -> None:
    progress.total = source.count()
    for part in source.parts():
        await _unless_refused(progress, part.title, part.settle)
    for log in source.logs():
        copied = await _unless_refused(progress, log.title, partial(copying.copy, log))
        progress.copied += copied is True
        progress.same += copied is False


async def _unless_refused(progress: Progress, title: str, copy: Callable[[], Awaitable[bool]]) -> bool | None:
    """Return whether something was added; None if it is refused."""
    try:
        return await copy()
    except (Refused, ValueError) as error:
        progress.refuse(title, _first_line(error))
    except Error as error:
        if error.code() not in _OF_ONE or error.reason == v1.ERROR_REASON_NAMESPACE_NOT_FOUND:
            raise
        progress.refuse(title, str(error))
    return None


def _explained(error: Error) -> str:
    if error.metadata.get("permission") == "system":
        return f"{error}; times of the past take the role system: docs/adapters"
    return str(error)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _fail(why: str) -> int:
    print(f"activity-session-migrate: {why}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="activity-session-migrate",
        description="Copy the sessions of a framework into Activity Session. It can be broken off, and run again.",
    )
    parser.add_argument("framework", choices=sorted(_EXTRAS), help="whose sessions they are")
    parser.add_argument("source", metavar="SOURCE_URL", help="the database that the framework uses, or an SQLite file")
    parser.add_argument("--target", default="127.0.0.1:50051", metavar="HOST:PORT", help="the server [%(default)s]")
    parser.add_argument("--namespace", help="id of the namespace [default; of adk, that of the name of the app]")
    parser.add_argument("--token-file", metavar="FILE", help="file with the token that the server asks for")
    parser.add_argument("--tls", action="store_true", help="connect by TLS")
    parser.add_argument("--ca-file", metavar="FILE", help="certificates to trust, in place of the usual ones; with TLS")
    parser.add_argument("--quiet", action="store_true", help="say nothing of how far it is")
    return parser


if __name__ == "__main__":
    sys.exit(main())
