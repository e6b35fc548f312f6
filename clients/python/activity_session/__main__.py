# PYTHON_ARGCOMPLETE_OK
"""The command line for people: `python -m activity_session ls | tail | append | state | members`; `--help` has all."""

import sys

from activity_session.cli import main

if __name__ == "__main__":
    sys.exit(main())
