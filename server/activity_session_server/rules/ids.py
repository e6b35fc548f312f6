"""Ids that the server makes: UUIDs of version 7 (RFC 9562, section 5.7), milliseconds first, then random bits.

What is made at one time lies together in an index: ten events change one page of it, where random ids change ten.
"""

import os
import time


def uuid7_hex() -> str:
    """A new UUID as 32 hex digits."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76  # the version
    value = value & ~(0x3 << 62) | 0x2 << 62  # the variant
    return f"{value:032x}"


def new_id() -> str:
    """The id of a resource whose maker has given none: a new UUID in its usual form."""
    digits = uuid7_hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
