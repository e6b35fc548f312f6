"""Where a run leaves its figures, its page and its plots: a quick run never touches the page that is published."""

import json
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]


class Place(NamedTuple):
    """The folder of the figures, a file for each program; the page that is made from them; the folder of its plots."""

    figures: Path
    page: Path
    plots: Path

    def save(self, program: str, figures: Any) -> None:
        """Write what a program has measured, in place of what it had measured before."""
        self.figures.mkdir(parents=True, exist_ok=True)
        self.file_of(program).write_text(json.dumps(figures, indent=1))

    def save_rows(self, program: str, rows: list[dict[str, Any]]) -> None:
        """Write rows that a program has measured; those of other databases, measured before, stay."""
        path, measured = self.file_of(program), {row["database"] for row in rows}
        before = json.loads(path.read_text()) if path.exists() else []
        self.save(program, [*(row for row in before if row["database"] not in measured), *rows])

    def file_of(self, program: str) -> Path:
        return self.figures / f"{program}.json"


FULL = Place(ROOT / ".build/bench", ROOT / "docs/benchmarks.md", ROOT / "docs/benchmarks")
QUICK = Place(
    ROOT / ".build/bench/quick", ROOT / ".build/bench/quick/benchmarks.md", ROOT / ".build/bench/quick/benchmarks"
)


def place(*, is_quick: bool) -> Place:
    return QUICK if is_quick else FULL
