"""JSON as adapters keep it."""

import json
from typing import Any


def utf8_of(value: Any) -> bytes:
    """Return a value as JSON in UTF-8, where a character of any script takes no more than its own bytes.

    Raises:
        TypeError, ValueError: it is not JSON.
    """
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair is no UTF-8, and is escaped
        return json.dumps(value).encode()
