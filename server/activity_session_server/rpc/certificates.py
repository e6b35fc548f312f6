"""TLS on the listener: a certificate, its key, and the CA of clients, read again when their files have changed.

gRPC asks for them at each handshake, and takes TLS 1.2 or later (RFC 8996 has ended what is older).
"""

import ssl
from pathlib import Path

import grpc

from activity_session_server.rpc.files import FileError, FilesReadAgain


class Certificates:
    """What the listener shows its clients, and asks of them."""

    def __init__(self, certificate_file: str, key_file: str, client_ca_file: str = "") -> None:
        """With a CA, clients need a certificate of it.

        Raises:
            FileError: the files cannot be read, or do not belong together.
        """
        self._certificate, self._key = Path(certificate_file), Path(key_file)
        self._client_ca = Path(client_ca_file) if client_ca_file else None
        self._paths = [self._certificate, self._key, *([self._client_ca] if self._client_ca else [])]
        self._files = FilesReadAgain(self._paths, self._read, "the certificate")
        self._given = self._files.now()

    def credentials(self) -> grpc.ServerCredentials:
        """The credentials of a port."""
        return grpc.dynamic_ssl_server_credentials(
            self._given,
            self._changed,  # type: ignore[arg-type]  # its types do not know that None is "as before"
            require_client_authentication=self._client_ca is not None,
        )

    def _changed(self) -> grpc.ServerCertificateConfiguration | None:
        """What the files hold, if gRPC does not have it yet. Its threads call it, and may be given the same twice."""
        found = self._files.now()
        if found is self._given:
            return None
        self._given = found
        return found

    def _read(self) -> grpc.ServerCertificateConfiguration:
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate, self._key, password=_no_password)
            if self._client_ca:
                context.load_verify_locations(self._client_ca)
            certificate, key, *ca = (path.read_bytes() for path in self._paths)
        except (OSError, ValueError) as error:
            files = ", ".join(map(str, self._paths))
            raise FileError(f"{files}: {getattr(error, 'reason', None) or error}") from error
        return grpc.ssl_server_certificate_configuration([(key, certificate)], *ca)


def _no_password() -> str:
    # Otherwise OpenSSL asks the terminal for it.
    raise ValueError("the key is encrypted: it must be without a password")
