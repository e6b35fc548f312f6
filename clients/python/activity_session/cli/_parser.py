"""What each command takes. Only argparse is loaded for it."""

import argparse
import contextlib
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from activity_session.cli import _completing
from activity_session.cli._options import add_options, variable
from activity_session.cli._running import run

# gRPC's numbers have 64 bits.
_LARGEST = 2**63 - 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    # What gRPC writes by itself would stand between the lines; each failure is told by what it was for.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    parser = argparse.ArgumentParser(prog="python -m activity_session", description="Sessions, for people.")
    add_commands(parser.add_subparsers(required=True, metavar="COMMAND"))
    complete(parser)
    flags = parser.parse_args(arguments)
    return int(flags.command(flags))


def complete(parser: argparse.ArgumentParser) -> None:
    """Tell the shell how the line could go on, and exit, if it is the shell that asks (argcomplete)."""
    if "_ARGCOMPLETE" in os.environ:
        with contextlib.suppress(ImportError):
            import argcomplete

            argcomplete.autocomplete(parser)


def add_commands(commands: Any) -> None:
    """Add the commands to what `add_subparsers` has returned; `flags.command(flags)` runs one.

    Each returns its exit code, and says on stderr what went wrong.
    """
    _add_ls(commands)
    _add_tail(commands)
    _add_append(commands)
    state = _command(commands, "state", "read and write the shared state of a session")
    actions = state.add_subparsers(required=True, metavar="ACTION")
    _add_state_get(actions)
    _add_state_set(actions)
    _add_members(commands)


def _add_ls(commands: Any) -> None:
    parser = _command(commands, "ls", "list sessions, the newest event first; or namespaces, if none is given")
    _completed(parser.add_argument("parent", nargs="?", default="", metavar="NAMESPACE"), _completing.namespaces)
    parser.add_argument("-n", dest="number", type=_count, default=50, metavar="NUMBER", help="how many at most [50]")
    parser.add_argument("--all", action="store_true", help="all of them")
    parser.add_argument("--filter", default="", help="only those that it matches: docs/filters.md")
    parser.add_argument("--deleted", action="store_true", help="deleted ones too")
    _finish(parser, "ls")


def _add_tail(commands: Any) -> None:
    parser = _command(commands, "tail", "show the newest events of a session, and follow it")
    _add_session(parser)
    parser.add_argument("-n", dest="number", type=_count, default=10, metavar="NUMBER", help="how many events [10]")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with new ones, also after a disconnect")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("-v", "--verbose", action="store_true", help="with -f: turns, members and marks too")
    _finish(parser, "tail", form)


def _add_append(commands: Any) -> None:
    parser = _command(commands, "append", "append an event to a session, and print its number")
    _add_session(parser)
    parser.add_argument("text", metavar="TEXT", help="what to say; - reads it from stdin")
    author = parser.add_argument("--as", dest="author", required=True, metavar="PARTICIPANT", help="who says it")
    _completed(author, _completing.participants)
    parser.add_argument("--type", default="message", help="kind of event, in free text [message]")
    parser.add_argument("--media-type", default="", help="of the text, such as application/json")
    _add_request_id(parser)
    _finish(parser, "append")


def _add_state_get(actions: Any) -> None:
    parser = _command(actions, "get", "print the value of a key, or all keys with their revisions and values")
    _add_session(parser)
    _completed(parser.add_argument("key", nargs="?", metavar="KEY"), _completing.keys)
    _finish(parser, "state_get")


def _add_state_set(actions: Any) -> None:
    parser = _command(actions, "set", "write the value of a key, and print its new revision")
    _add_session(parser)
    _completed(parser.add_argument("key", metavar="KEY"), _completing.keys)
    parser.add_argument("value", metavar="JSON", help="the value; - reads it from stdin")
    parser.add_argument(
        "--revision", type=_count, help="only if this is still the key's revision; 0 if it must not be there"
    )
    _add_request_id(parser)
    _finish(parser, "state_set")


def _add_members(commands: Any) -> None:
    parser = _command(commands, "members", "list who takes part in a session, and what they have not read")
    _add_session(parser)
    _finish(parser, "members")


def _add_session(parser: argparse.ArgumentParser) -> None:
    session = parser.add_argument("session", metavar="SESSION", help="its id in the --namespace, or its whole name")
    _completed(session, _completing.sessions)


def _add_request_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--request-id", default="", metavar="ID", help="the same again repeats nothing [made for each command]"
    )


def _command(commands: Any, name: str, text: str) -> argparse.ArgumentParser:
    added: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    return added


def _finish(parser: argparse.ArgumentParser, name: str, form: Any = None) -> None:
    (form or parser).add_argument("--json", action="store_true", help="lines of JSON, for programs")
    default = variable("namespace")
    namespace = parser.add_argument(
        "--namespace", default=default, metavar="ID", help="of short names [ACTIVITY_SESSION_NAMESPACE, or default]"
    )
    _completed(namespace, _completing.namespaces)
    add_options(parser)
    parser.set_defaults(command=partial(run, name))


def _completed(argument: argparse.Action, completer: Callable[..., list[str]]) -> None:
    argument.completer = completer  # type: ignore[attr-defined]


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > _LARGEST:
        raise argparse.ArgumentTypeError("it must be a number, 0 or more")
    return int(text)
