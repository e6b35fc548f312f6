# PYTHON_ARGCOMPLETE_OK
"""The command line: `activity-session serve | migrate | check | backup | export | import | …`; `--help` has all.

The commands for people, `ls`, `tail` and so on, are those of the client: they call a server, and read no setting.

Exit codes: 0 done; 1 it did not work, and stderr says why; 2 the command line or a setting is wrong.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from activity_session import cli
from activity_session_server import __version__, sources
from activity_session_server.environment import CONFIG, unknown_variables
from activity_session_server.settings import FIELDS, Settings, SettingsError, add_flags
from activity_session_server.telemetry.wanted import wanted

HEALTH_TIMEOUT = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    # What gRPC writes by itself would stand between the lines of JSON; each failure is told by what it was for.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    parser = _parser()
    cli.complete(parser)
    flags = parser.parse_args(arguments)
    try:
        return int(flags.command(flags))
    except SettingsError as error:
        _fail(f"settings: {error}")
        return 2


def serve(flags: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    from activity_session_server import workers

    settings = sources.load(flags, os.environ)
    settings.check_access()
    wanted(os.environ)
    return workers.serve(settings, list(unknown_variables(os.environ)))


def migrate(flags: argparse.Namespace) -> int:
    """Bring the database to the schema of this version, or print the SQL that does so."""
    from activity_session_server import logs
    from activity_session_server.store import schema
    from activity_session_server.store.revisions import SchemaError

    settings = _settings(flags)
    # A long migration says how far it is.
    logs.configure(settings.log_format, settings.log_level)
    if flags.before and not flags.sql:
        raise SettingsError("from: it needs --sql too; migrate itself asks the database")
    try:
        if flags.sql:
            print(schema.script_for(settings.database_url, flags.before), end="")
            return 0
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

    _warn()
    given = sources.given(flags, os.environ)
    settings = sources.settings_of(given)
    if flags.print:
        print(*sources.lines(settings, given), sep="\n")
    settings.check_access()
    wanted(os.environ)
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


def backup(flags: argparse.Namespace) -> int:
    """Copy an SQLite database to a new file, also while it is served, and check the copy."""
    from activity_session_server.store import schema
    from activity_session_server.store.revisions import SchemaError

    try:
        print(schema.back_up(_settings(flags).database_url, flags.file))
    except SchemaError as error:
        return _fail(str(error))
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


def export(flags: argparse.Namespace) -> int:
    """Write a server, a namespace or a session as lines of JSON, which import takes into another database."""
    from activity_session_server.moving import exporting
    from activity_session_server.moving.progress import Progress
    from activity_session_server.rules.errors import ServiceError
    from activity_session_server.store.revisions import SchemaError

    if flags.resume and not flags.output:
        raise SettingsError("resume: it needs the file of --output")
    # Who reads only the first lines, as `head` does, ends it.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    progress = Progress("exported", is_quiet=flags.quiet)
    try:
        exporting.export(_settings(flags), _scope(flags), flags.output, resumes=flags.resume, progress=progress)
    except (SchemaError, exporting.ExportError) as error:
        return _fail(str(error))
    except ServiceError as error:
        return _fail(error.logged)
    return 0


def import_(flags: argparse.Namespace) -> int:
    """Take what export has written into a database; what is there already is compared."""
    from activity_session_server.moving import importing
    from activity_session_server.moving.progress import Progress
    from activity_session_server.rules.errors import ServiceError
    from activity_session_server.store.revisions import SchemaError

    try:
        importing.import_(_settings(flags), flags.input, Progress("imported", is_quiet=flags.quiet))
    except (SchemaError, importing.BrokenOffError) as error:
        return _fail(str(error))
    except ServiceError as error:
        return _fail(error.logged)
    return 0


def _scope(flags: argparse.Namespace) -> str:
    """The name of what is to be exported; empty for all."""
    from activity_session_server.rules.names import Kind, problem

    for kind in (Kind.NAMESPACE, Kind.SESSION):
        name: str = getattr(flags, kind)
        if name and (found := problem(kind, name)):
            raise SettingsError(f"{kind}: {found.message}")
    return str(flags.namespace or flags.session)


def purge(flags: argparse.Namespace) -> int:
    """Expire, expunge and purge what is due, as the sweep of a server does, or print what that is."""
    from activity_session_server import purging
    from activity_session_server.audit_file import AuditFileError
    from activity_session_server.rules.errors import ServiceError
    from activity_session_server.store.revisions import SchemaError

    settings = _settings(flags)
    lines = purging.due_lines(settings, flags.limit) if flags.dry_run else purging.purge_lines(settings)
    try:
        for line in lines:
            print(line)
    except (SchemaError, AuditFileError, purging.PurgeError) as error:
        return _fail(str(error))
    except ServiceError as error:
        return _fail(error.logged)
    return 0


def health(flags: argparse.Namespace) -> int:
    """Ask a running server; for probes."""
    import grpc

    from activity_session_server.rpc.health import Trust, ask

    settings = _settings(flags)
    address = settings.address
    trust = Trust(flags.tls_ca_file, flags.tls_server_name, settings.tls_certificate_file, settings.tls_key_file)
    try:
        status = ask(address, flags.service, HEALTH_TIMEOUT, trust)
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}")
    except grpc.RpcError as error:
        # The standard health service says nothing more of a service that it does not know.
        return _fail(f"{address}: {error.code().name}: {error.details() or f'there is no service {flags.service}'}")
    print(status)
    return 0 if status == "SERVING" else 1


def token(flags: argparse.Namespace) -> int:
    """Make, list or revoke static tokens."""
    from activity_session_server.rpc.files import FileError

    path = _settings(flags).tokens_file
    if not path:
        raise SettingsError("tokens_file: it must name the file of tokens")
    try:
        flags.action(path, flags)
    except FileError as error:
        return _fail(str(error))
    return 0


def _new(path: str, flags: argparse.Namespace) -> None:
    """Make a token for a subject, and print it, once."""
    from activity_session_server.rpc.authentication import token_file, tokens
    from activity_session_server.rpc.authentication.subjects import subject_problem

    if problem := subject_problem(flags.subject):
        raise SettingsError(f"SUBJECT: {problem.message}")
    text, made = tokens.new_token(flags.subject)
    token_file.add(path, made)
    print(text)


def _list(path: str, _flags: argparse.Namespace) -> None:
    """Print the id, the time of creation and the subject of each token."""
    from activity_session_server.rpc.authentication import tokens

    for one in tokens.tokens_in(Path(path)):
        print(one.id, f"{one.create_time:%Y-%m-%dT%H:%M:%SZ}", one.subject, sep="\t")


def _revoke(path: str, flags: argparse.Namespace) -> None:
    """Have the token with an id hold no more."""
    from activity_session_server.rpc.authentication import token_file

    token_file.remove(path, flags.id)


def version(_flags: argparse.Namespace) -> int:
    """Tell the version."""
    print(f"activity-session {__version__}")
    return 0


def _settings(flags: argparse.Namespace) -> Settings:
    _warn()
    return sources.load(flags, os.environ)


def _warn() -> None:
    for line in unknown_variables(os.environ):
        print(f"activity-session: warning: {line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="activity-session",
        description="The session service for multi-party agent systems.",
        epilog="Each flag is also a variable, and a key of the --config file: --database-url is"
        " ACTIVITY_SESSION_DATABASE_URL and database_url. Flags win over variables, and those over the file.",
    )
    parser.add_argument("--version", action="version", version=f"activity-session {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command, add_arguments in _commands().items():
        sub = _add(commands, command.__name__.rstrip("_"), command)
        sub.set_defaults(command=command)
        add_arguments(sub)
    cli.add_commands(commands)
    return parser


def _commands() -> dict[Callable[[argparse.Namespace], int], Callable[[argparse.ArgumentParser], object]]:
    """What adds the arguments of each command."""
    return {
        serve: _add_settings,
        migrate: _add_migrate_flags,
        check: _add_check_flags,
        backup: _add_backup_arguments,
        export: _add_export_flags,
        import_: _add_import_flags,
        events: _add_events_arguments,
        purge: _add_purge_flags,
        health: _add_health_flags,
        token: _add_token_commands,
        version: lambda _: None,
    }


def _add(commands: Any, name: str, function: Callable[..., Any]) -> argparse.ArgumentParser:
    text = (function.__doc__ or "").rstrip(".")
    added: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text + ".")
    return added


def _add_settings(parser: argparse.ArgumentParser, shown: Collection[str] = FIELDS.keys()) -> None:
    parser.add_argument(
        f"--{CONFIG}", metavar="FILE", help="file of settings, TOML, a key for each, as in database_url = ..."
    )
    add_flags(parser, shown)


def _add_check_flags(parser: argparse.ArgumentParser) -> None:
    _add_settings(parser)
    parser.add_argument(
        "--print", action="store_true", help="print each setting first, with where it comes from, and no password"
    )


def _add_migrate_flags(parser: argparse.ArgumentParser) -> None:
    _add_settings(parser)
    parser.add_argument("--sql", action="store_true", help="print the SQL, and change nothing")
    parser.add_argument(
        "--from",
        dest="before",
        metavar="REVISION",
        help='revision of the database that the SQL is for, or "empty" [that of the database, which is asked]',
    )


def _add_purge_flags(parser: argparse.ArgumentParser) -> None:
    _add_settings(parser, ["database_url", "database_timeout", "purge_age", "state_history_age", "audit_log_file"])
    parser.add_argument("--dry-run", action="store_true", help="print what is due, and change nothing")
    parser.add_argument(
        "--limit", type=_count, default=20, metavar="NUMBER", help="sessions of each kind that a dry run names [20]"
    )


def _add_backup_arguments(parser: argparse.ArgumentParser) -> None:
    _add_settings(parser, ["database_url"])
    parser.add_argument("file", metavar="FILE", help="file that is not there yet")


def _add_events_arguments(parser: argparse.ArgumentParser) -> None:
    _add_settings(parser, ["database_url", "database_timeout"])
    parser.add_argument("session", metavar="SESSION", help="its name, as namespaces/default/sessions/chat")


def _add_import_flags(parser: argparse.ArgumentParser) -> None:
    _add_settings(parser, ["database_url", "database_timeout"])
    parser.add_argument("--input", default="", metavar="FILE", help="file that export has written [stdin]")
    _add_quiet(parser)


def _add_export_flags(parser: argparse.ArgumentParser) -> None:
    _add_settings(parser, ["database_url", "database_timeout"])
    scope = parser.add_mutually_exclusive_group()
    scope.add_argument("--namespace", default="", metavar="NAME", help="its name, as namespaces/default [all]")
    scope.add_argument("--session", default="", metavar="NAME", help="its name, as namespaces/default/sessions/chat")
    parser.add_argument("--output", default="", metavar="FILE", help="file that is not there yet [stdout]")
    parser.add_argument("--resume", action="store_true", help="go on with a file that was broken off")
    _add_quiet(parser)


def _add_quiet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="do not say how far it is")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise argparse.ArgumentTypeError("it must be a number, 0 or more")
    return int(text)


def _add_health_flags(parser: argparse.ArgumentParser) -> None:
    _add_settings(parser, ["address", "tls_certificate_file", "tls_key_file"])
    parser.add_argument("--service", default="", help="a service's name; the process when empty")
    parser.add_argument(
        "--tls-ca-file", default="", help="CA, PEM, of the server's certificate [the --tls-certificate-file itself]"
    )
    parser.add_argument("--tls-server-name", default="", help="name in that certificate [the host of the address]")


def _add_token_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="ACTION")
    for name, action, argument in (("new", _new, "subject"), ("list", _list, ""), ("revoke", _revoke, "id")):
        sub = _add(commands, name, action)
        sub.set_defaults(action=action)
        _add_settings(sub, ["tokens_file"])
        if argument:
            sub.add_argument(argument, metavar=argument.upper())


def _fail(message: str) -> int:
    print(f"activity-session: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
