"""Where the build of the console leaves its files: a wheel has them, a checkout after `make console`."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "console"


def is_console_built() -> bool:
    """Whether there is a console to serve."""
    return (FOLDER / "index.html").is_file()
