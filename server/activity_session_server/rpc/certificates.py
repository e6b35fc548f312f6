"""TLS on the listener: a certificate, its key, and the CA of clients, read again when their files have changed.

gRPC asks for them at each handshake, and takes TLS 1.2 or later (RFC 8996 has ended what is older).
"""

import logging
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import grpc

_log = logging.getLogger("activity_session.tls")


class CertificateError(Exception):
    """Files of which no certificate can be made; the text says which, and why."""


class _Stamp(NamedTuple):
    """By which a file is seen to have changed."""

    device: int
    inode: int
    size: int
    time: int


class Certificates:
    """What the listener shows its clients, and asks of them."""

    def __init__(self, certificate_file: str, key_file: str, client_ca_file: str = "") -> None:
        """With a CA, clients need a certificate of it.

        Raises:
            CertificateError: the files cannot be read, or do not belong together.
        """
        self._certificate, self._key = Path(certificate_file), Path(key_file)
        self._client_ca = Path(client_ca_file) if client_ca_file else None
        # Written by gRPC's threads, one handshake after the other may read twice what has changed once.
        self._stamps = self._look()
        self._configuration = self._read()

    def credentials(self) -> grpc.ServerCredentials:
        """The credentials of a port."""
        return grpc.dynamic_ssl_server_credentials(
            self._configuration,
            self._changed,  # type: ignore[arg-type]  # its types do not know that None is "as before"
            require_client_authentication=self._client_ca is not None,
        )

    @property
    def _files(self) -> Sequence[Path]:
        return [self._certificate, self._key, *([self._client_ca] if self._client_ca else [])]

    def _look(self) -> list[_Stamp | None]:
        return [_stamp(path) for path in self._files]

    def _changed(self) -> grpc.ServerCertificateConfiguration | None:
        """What the files hold now, if that is new and whole; the certificate before is shown until then."""
        stamps = self._look()
        if stamps == self._stamps:
            return None
        self._stamps = stamps
        try:
            self._configuration = self._read()
        except CertificateError as error:
            _log.warning("the certificate is not replaced: %s", error)
            return None
        _log.info("the certificate is replaced", extra={"file": str(self._certificate)})
        return self._configuration

    def _read(self) -> grpc.ServerCertificateConfiguration:
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate, self._key, password=_no_password)
            if self._client_ca:
                context.load_verify_locations(self._client_ca)
            certificate, key, *ca = (path.read_bytes() for path in self._files)
        except (OSError, ValueError) as error:
            files = ", ".join(map(str, self._files))
            raise CertificateError(f"{files}: {getattr(error, 'reason', None) or error}") from error
        return grpc.ssl_server_certificate_configuration([(key, certificate)], *ca)


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return _Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _no_password() -> str:
    # Otherwise OpenSSL asks the terminal for it.
    raise ValueError("the key is encrypted: it must be without a password")
