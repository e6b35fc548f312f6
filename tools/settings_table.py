#!/usr/bin/env python3
"""Write the table of settings in docs/operations.md, from the settings; with --check only say whether it is old."""

import sys
from enum import StrEnum
from pathlib import Path

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

from activity_session_server.rules.limits import Limits
from activity_session_server.settings import FIELDS, shown_default

PAGE = Path(__file__).parents[1] / "docs/operations.md"
BEGIN = "<!-- Made by tools/settings_table.py, of server/activity_session_server/settings.py. -->\n"
END = "<!-- End of the table. -->\n"
HEAD = "| flag | default | allowed | |\n|---|---|---|---|\n"
# What the page says beyond the help of a flag.
NOTES = {
    "address": "; `[::]:50051` is all addresses of the machine; a socket is for this machine only, with one worker",
    "tls_client_ca_file": "; whom it names is the caller",
    "grants_file": "; see [security.md](security.md)",
    "workers": ": see Workers, below",
    "threads": "; a server has at most six more connections than both, on PostgreSQL eight",
    "max_waiting_calls": " with `SERVER_FULL`, first those whose caller has most of them wait",
    "subject_calls_in_flight": "; see Quotas, below",
    "max_clock_offset": ": see Databases, below",
    "poll_interval": "; on PostgreSQL they signal it as well",
    "admin_address": "; one for all workers: see Monitoring, below",
    "http_address": ": see [http.md](http.md)",
    "console": ": see [http.md](http.md#the-console)",
    "audit_log_file": ": see Audit log, below",
}
# How a bound is said, by its kind.
BOUNDS = {Ge: "from {0.ge:,}", Gt: "more than {0.gt:,}", Le: "to {0.le:,}"}


def main() -> int:
    """Write the page, or compare it; returns the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = "".join(row(name) for name in FIELDS if name not in Limits.model_fields)
    made = before + BEGIN + HEAD + rows + END + after
    if "--check" not in sys.argv:
        PAGE.write_text(made, encoding="utf-8")
    elif made != page:
        print("the table of settings in docs/operations.md is old: make fix")
        return 1
    return 0


def row(name: str) -> str:
    """The row of a setting."""
    field = FIELDS[name]
    default = field.get_default()
    shown = f"{default:g}" if isinstance(default, float) else shown_default(name)
    flag = f"`--{name.replace('_', '-')}`"
    return f"| {flag} | {shown} | {allowed(field)} | {field.description}{NOTES.get(name, '')} |\n"


def allowed(field: FieldInfo) -> str:
    """The values that a setting may have, where they are bounded."""
    if isinstance(kind := field.annotation, type) and issubclass(kind, StrEnum):
        return ", ".join(kind)
    return " ".join(BOUNDS[type(part)].format(part) for part in field.metadata if type(part) in BOUNDS)


if __name__ == "__main__":
    sys.exit(main())
