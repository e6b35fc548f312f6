"""Where the benchmarks write: a quick run leaves the page that is published, and the figures on it, as they are."""

import json
import sys
from pathlib import Path

import pytest

from activity_session_benchmarks import places, report
from activity_session_benchmarks.places import FULL, QUICK, ROOT, Place, place
from activity_session_benchmarks.tables import WATCHES


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both places, with other figures in each."""
    for number, name in enumerate(("FULL", "QUICK"), start=1):
        folder = tmp_path / name
        made = Place(folder / "figures", folder / "page.md", folder / "plots")
        made.save("watch", [{"database": "SQLite file", **dict.fromkeys(WATCHES, 1000 * number)}])
        monkeypatch.setattr(places, name, made)
    monkeypatch.setattr(report, "PYTHON_WITH_PLOTS", tmp_path / "none")


@pytest.mark.parametrize(("flags", "figure", "other"), [([], "1,000", "2,000"), (["--quick"], "2,000", "1,000")])
def test_each_run_has_its_page_of_its_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], flags: list[str], figure: str, other: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["report", *flags])
    report.main()
    written, untouched = place(is_quick=bool(flags)).page, place(is_quick=not flags).page
    row = written.read_text().partition("## Watches")[2]
    assert figure in row
    assert other not in row
    assert not untouched.exists()
    assert capsys.readouterr().out == f"written: {written}\n"


def test_only_a_full_run_writes_to_the_docs() -> None:
    assert FULL.page == ROOT / "docs/benchmarks.md"
    assert not [path for path in QUICK if not path.is_relative_to(ROOT / ".build")]
    assert not set(QUICK) & set(FULL)


def test_a_run_on_some_databases_keeps_the_figures_of_the_others() -> None:
    made = place(is_quick=False)
    made.save_rows("watch", [{"database": "PostgreSQL", "watchers": 1}, {"database": "MariaDB", "watchers": 1}])
    made.save_rows("watch", [{"database": "MariaDB", "watchers": 2}])
    rows = json.loads(made.file_of("watch").read_text())
    assert [(row["database"], row["watchers"]) for row in rows] == [
        ("SQLite file", 1000),
        ("PostgreSQL", 1),
        ("MariaDB", 2),
    ]
