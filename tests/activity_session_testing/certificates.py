"""Certificates of clients with names of any kind, which trustme does not make."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import grpc
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


class Pair(NamedTuple):
    """A certificate and its key, PEM."""

    certificate: bytes
    key: bytes


def issue(authority: trustme.CA, *names: x509.GeneralName, common_name: str = "") -> Pair:
    """Return a certificate of an authority, for a client of these names."""
    ca = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    ca_key = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    assert isinstance(ca_key, EllipticCurvePrivateKey)
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)] if common_name else []
    builder = (
        x509.CertificateBuilder(ca.subject, x509.Name(subject), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=not subject)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Pair(builder.sign(ca_key, hashes.SHA256()).public_bytes(pem), private)


def trusting(ca: bytes, own: Pair | None = None) -> grpc.ChannelCredentials:
    """What a client trusts that has a certificate of its own, or none."""
    return grpc.ssl_channel_credentials(ca, own.key if own else None, own.certificate if own else None)
