"""The command line: `activity-session serve | migrate | check | events | health | version`.

Exit codes: 0 done; 1 it did not work, and stderr says why; 2 the command line or a setting is wrong.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from activity_session_server import __version__
from activity_session_server.settings import Settings, SettingsError, add_flags, load, unknown_variables

HEALTH_TIMEOUT = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    # What gRPC writes by itself would stand between the lines of JSON; each failure is told by what it was for.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    flags = _parser().parse_args(arguments)
    try:
        return int(flags.command(flags))
    except SettingsError as error:
        _fail(f"settings: {error}")
        return 2


def serve(flags: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    from activity_session_server import workers

    return workers.serve(load(flags, os.environ), list(unknown_variables(os.environ)))


def migrate(flags: argparse.Namespace) -> int:
    """Bring the database to the schema of this version."""
    from activity_session_server import logs
    from activity_session_server.store import schema
    from activity_session_server.store.revisions import SchemaError

    settings = _settings(flags)
    # A long migration says how far it is.
    logs.configure(settings.log_format)
    try:
        url, before, after = schema.migrate_url(settings.database_url)
    except SchemaError as error:
        return _fail(str(error))
    finally:
        logs.flush()
    print(f"{url}: schema {before or 'empty'} -> {after}")
    return 0


def check(flags: argparse.Namespace) -> int:
    """Say what is wrong with settings, database and schema."""
    from activity_session_server import app
    from activity_session_server.rules.errors import ServiceError
    from activity_session_server.store import schema
    from activity_session_server.store.revisions import SchemaError

    settings = _settings(flags)
    print("settings: ok")
    try:
        lines = schema.inspect_url(settings.database_url, settings.limits.request_bytes, lambda: app.try_out(settings))
        for line in lines:
            print(line)
    except SchemaError as error:
        return _fail(str(error))
    except ServiceError as error:
        return _fail(error.logged)
    return 0


def events(flags: argparse.Namespace) -> int:
    """Print the events of a session from the database, each as a line of JSON."""
    from activity_session_server import app
    from activity_session_server.rules.errors import ServiceError
    from activity_session_server.store.revisions import SchemaError

    # Who reads only the first lines, as `head` does, ends it.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        for line in app.log_lines(_settings(flags), flags.session):
            print(line)
    except SchemaError as error:
        return _fail(str(error))
    except ServiceError as error:
        return _fail(error.logged)
    return 0


def health(flags: argparse.Namespace) -> int:
    """Ask a running server; for probes."""
    import grpc

    from activity_session_server.rpc.health import ask

    address = _settings(flags).address
    try:
        status = ask(address, flags.service, HEALTH_TIMEOUT)
    except grpc.RpcError as error:
        # The standard health service says nothing more of a service that it does not know.
        return _fail(f"{address}: {error.code().name}: {error.details() or f'there is no service {flags.service}'}")
    print(status)
    return 0 if status == "SERVING" else 1


def version(_flags: argparse.Namespace) -> int:
    """Tell the version."""
    print(f"activity-session {__version__}")
    return 0


def _settings(flags: argparse.Namespace) -> Settings:
    for line in unknown_variables(os.environ):
        print(f"activity-session: warning: {line}", file=sys.stderr)
    return load(flags, os.environ)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="activity-session",
        description="The session service for multi-party agent systems.",
        epilog="Each flag is also a variable: --database-url is ACTIVITY_SESSION_DATABASE_URL. Flags win.",
    )
    parser.add_argument("--version", action="version", version=f"activity-session {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (serve, migrate, check, events, health, version):
        text = (command.__doc__ or "").rstrip(".")
        sub = commands.add_parser(command.__name__, help=text, description=text + ".")
        sub.set_defaults(command=command)
        if command is health:
            add_flags(sub, ["address"])
            sub.add_argument("--service", default="", help="a service's name; the process when empty")
        elif command is events:
            add_flags(sub, ["database_url", "database_timeout"])
            sub.add_argument("session", metavar="SESSION", help="its name, as namespaces/default/sessions/chat")
        elif command is not version:
            add_flags(sub)
    return parser


def _fail(message: str) -> int:
    print(f"activity-session: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
