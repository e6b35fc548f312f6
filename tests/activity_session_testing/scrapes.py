"""What the admin address of a server tells, read by the parser of Prometheus' own client."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from activity_session_server.metrics.definitions import METRICS, Definition, Kind

Key = tuple[str, frozenset[tuple[str, str]]]
_SECONDS = 20


class Page(NamedTuple):
    status: int
    text: str


def page(address: str, path: str, accept: str = "") -> Page:
    """Ask an admin address for a page."""
    request = urllib.request.Request(f"http://{address}{path}", headers={"Accept": accept} if accept else {})
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:
            return Page(response.status, response.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Page(error.code, error.read().decode())


class Scrape:
    """All samples of one scrape."""

    def __init__(self, address: str) -> None:
        families = text_string_to_metric_families(page(address, "/metrics").text)
        samples = [sample for family in families for sample in family.samples]
        self.values = {key(sample.name, sample.labels): sample.value for sample in samples}
        assert len(self.values) == len(samples), "a series is told twice"

    def value(self, metric: Definition, **labels: str) -> float:
        """The value of a counter or a gauge, or how many values a histogram has counted; the sum of all that fit."""
        name = metric.name + ("_count" if metric.kind is Kind.HISTOGRAM else "")
        return self.sum_of(name, **labels)

    def total(self, metric: Definition, **labels: str) -> float:
        """The sum of the values that a histogram has counted."""
        return self.sum_of(f"{metric.name}_sum", **labels)

    def sum_of(self, name: str, **labels: str) -> float:
        """The sum of all samples of a name that have some labels; there must be one."""
        found = [value for (its, all_), value in self.values.items() if its == name and labels.items() <= set(all_)]
        assert found, f"there is no {name} with {labels}"
        return sum(found)


def key(name: str, labels: Mapping[str, str]) -> Key:
    return name, frozenset(labels.items())


def expected_keys() -> set[Key]:
    """Every sample that the definitions promise, but for that of the build."""
    return {
        key(name, dict(zip(metric.labels, row, strict=True)) | more)
        for metric in METRICS
        for row in metric.rows
        for name, more in _samples(metric)
    }


def _samples(metric: Definition) -> list[tuple[str, dict[str, str]]]:
    if metric.kind is not Kind.HISTOGRAM:
        return [(metric.name, {})]
    bounds = [*(str(bound) for bound in metric.bounds), "+Inf"]
    return [
        *((f"{metric.name}_bucket", {"le": bound}) for bound in bounds),
        *((f"{metric.name}{suffix}", {}) for suffix in ("_count", "_sum")),
    ]
