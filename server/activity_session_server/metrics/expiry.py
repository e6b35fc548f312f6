"""When a certificate expires: the one field of X.509 that is needed, read without a library for all of it."""

import math
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

# Tags of DER: a time with two digits for the year, and the version of a certificate, which may be left out.
_UTC_TIME, _VERSION = 0x17, 0xA0
# The fields of a certificate between the version and the validity: number, algorithm, issuer.
_FIELDS_BEFORE = 3
_PEM_BEGIN, _PEM_END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def reader_of(certificate_file: str) -> Callable[[], float]:
    """Tells when the first certificate in a file expires, in seconds since 1970; infinity without a file.

    NaN stands for a file of which nothing can be made: what is shown to clients is what it had before.
    """

    def read() -> float:
        try:
            return expiry_of(Path(certificate_file).read_text())
        except (OSError, ValueError, IndexError):
            return math.nan

    return read if certificate_file else lambda: math.inf


def expiry_of(pem: str) -> float:
    """When the first certificate in a text expires, in seconds since 1970.

    Raises:
        ValueError: there is none.
        IndexError: it ends too early.
    """
    begin = pem.index(_PEM_BEGIN)
    der = ssl.PEM_cert_to_DER_cert(pem[begin : pem.index(_PEM_END, begin) + len(_PEM_END)])
    _, certificate, _ = _element(der)
    _, signed, _ = _element(certificate)
    tag, _, rest = _element(signed)
    for _ in range(_FIELDS_BEFORE if tag == _VERSION else _FIELDS_BEFORE - 1):
        _, _, rest = _element(rest)
    _, validity, _ = _element(rest)
    _, _, rest = _element(validity)
    tag, until, _ = _element(rest)
    form = "%y%m%d%H%M%SZ" if tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(until.decode(), form).replace(tzinfo=UTC).timestamp()


def _element(der: bytes) -> tuple[int, bytes, bytes]:
    """The first element of some DER: its tag, its content, and what follows."""
    length, begin = der[1], 2
    if length & 0x80:
        begin += length & 0x7F
        length = int.from_bytes(der[2:begin])
    return der[0], der[begin : begin + length], der[begin + length :]
