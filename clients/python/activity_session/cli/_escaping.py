"""What others have written, for a terminal: it can neither command that, nor look like another line."""

import re
import sys

# Controls, with the escape that begins a sequence; ends of lines; what shows text in another order than it has.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def safe(text: str) -> str:
    r"""Return the text as one line, in which `\u001b` stands for an escape, and so on."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say(message: str) -> None:
    """Tell the person at the terminal something that is no result."""
    print(f"activity-session: {safe(message)}", file=sys.stderr, flush=True)
