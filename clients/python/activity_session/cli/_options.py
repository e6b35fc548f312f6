"""Which server, and who calls: flags that all commands have, and the variables in their place."""

import argparse
import os

_PREFIX = "ACTIVITY_SESSION_"
VARIABLES = ("namespace", "target", "tls_ca_file", "token", "token_file")
"""The variables that are read here, in lower case and without `ACTIVITY_SESSION_`."""

_LONGEST_TIMEOUT = 86_400.0


def variable(name: str) -> str:
    """Return the value of a variable, empty if it is not set."""
    return os.environ.get(_PREFIX + name.upper(), "")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what it takes to reach a server."""
    add = parser.add_argument_group(
        "server", f"{_PREFIX}TOKEN has the token itself. A token goes unencrypted where there is no TLS."
    ).add_argument
    target = variable("target") or "127.0.0.1:50051"
    add("--target", default=target, help=f"HOST:PORT, as gRPC takes it [{_PREFIX}TARGET, or 127.0.0.1:50051]")
    add("--token-file", metavar="FILE", default=variable("token_file"), help=f"bearer token [{_PREFIX}TOKEN_FILE]")
    add("--tls", action="store_true", help="TLS, with the CAs that gRPC trusts by default")
    ca = variable("tls_ca_file")
    add("--tls-ca-file", metavar="FILE", default=ca, help=f"TLS, with this CA, PEM [{_PREFIX}TLS_CA_FILE]")
    add("--tls-certificate-file", metavar="FILE", default="", help="TLS, with this certificate of yours, PEM")
    add("--tls-key-file", metavar="FILE", default="", help="its key, PEM")
    add("--tls-server-name", metavar="NAME", default="", help="name in the server's certificate [host of --target]")
    add("--timeout", metavar="SECONDS", type=_seconds, default=30.0, help="for each call, with its retries [30]")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        raise argparse.ArgumentTypeError("it must be a number of seconds, more than 0 and at most a day")
    return seconds
