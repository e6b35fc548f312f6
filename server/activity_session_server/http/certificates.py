"""TLS for HTTP: the files of the gRPC address, read again when they change, and whom a client certificate names."""

import ssl
from collections.abc import Mapping
from pathlib import Path

from activity_session_server.rpc.files import FileError, FilesReadAgain

# The names of a certificate, as OpenSSL has them, and as gRPC has them in its auth context.
_NAMES = {"URI": "peer_uri", "DNS": "peer_dns", "commonName": "x509_common_name"}


def context_of(certificate_file: str, key_file: str, client_ca_file: str) -> ssl.SSLContext:
    """What TLS is done by; with a CA, clients need a certificate of it.

    Raises:
        FileError: nothing can be made of the files.
    """
    paths = [Path(path) for path in (certificate_file, key_file, client_ca_file) if path]
    files = FilesReadAgain(paths, lambda: _read(certificate_file, key_file, client_ca_file), "the certificate of HTTP")
    first = files.now()

    def use_current(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = files.current()

    # At each handshake, whether the client names the server or not.
    first.sni_callback = use_current
    return first


def names_of(connection: ssl.SSLObject | None) -> Mapping[str, list[bytes]]:
    """The names in the certificate of a client, if it has shown one that holds, as gRPC would tell them."""
    shown = connection.getpeercert() if connection else None
    found: dict[str, list[bytes]] = {}
    # Of a subject each part is a list of pairs, as the names that can be in its place are.
    for part in ((shown or {}).get("subjectAltName", ()), *(shown or {}).get("subject", ())):
        for kind, name in part:
            if kind in _NAMES:
                found.setdefault(_NAMES[kind], []).append(name.encode())
    return found


def _read(certificate_file: str, key_file: str, client_ca_file: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate_file, key_file, password=_no_password)
        if client_ca_file:
            context.load_verify_locations(client_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:
        raise FileError(f"{certificate_file}, {key_file}: {getattr(error, 'reason', None) or error}") from error
    return context


def _no_password() -> str:
    # Otherwise OpenSSL asks the terminal for it.
    raise ValueError("the key is encrypted: it must be without a password")
