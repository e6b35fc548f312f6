"""The command line for people: look at sessions, follow one, say something in it (docs/command-line.md).

`python -m activity_session COMMAND`, or `activity-session COMMAND` where the server is installed, which adds these
commands to its own. Nothing here loads gRPC before a command runs.

Exit codes: 0 done; 1 it did not work, and stderr says why; 2 the command line is wrong; 130 ended by Ctrl-C.
"""

from activity_session.cli._options import VARIABLES as VARIABLES
from activity_session.cli._parser import add_commands as add_commands
from activity_session.cli._parser import complete as complete
from activity_session.cli._parser import main as main

__all__ = ["VARIABLES", "add_commands", "complete", "main"]
