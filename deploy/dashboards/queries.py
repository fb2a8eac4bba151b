"""The panels' queries out of the dashboards' JSON, with Grafana's macros filled in: for tests and pictures.

Macros: https://grafana.com/docs/grafana/latest/datasources/postgres/#macros and, for Prometheus, $__rate_interval.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Query:
    """A query of a panel.

    Attributes:
        panel: the panel as Grafana reads it.
        source: which kind of source answers it.
        text: PromQL or SQL, with macros.
        legend: legend of its series, with `{{label}}`.
    """

    panel: dict[str, Any]
    source: Literal["prometheus", "postgresql"]
    text: str
    legend: str


def panels(path: Path) -> list[dict[str, Any]]:
    """The panels of a dashboard, rows left out."""
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def queries(path: Path) -> Iterator[Query]:
    """All queries of a dashboard."""
    for panel in panels(path):
        for target in panel["targets"]:
            if "expr" in target:
                yield Query(panel, "prometheus", target["expr"], target.get("legendFormat", ""))
            else:
                yield Query(panel, "postgresql", target["rawSql"], "")


def promql(text: str, rate_interval: str) -> str:
    """PromQL with its macro filled in: `rate_interval` is a duration as "1m"."""
    return text.replace("$__rate_interval", rate_interval)


def sql(text: str, begin: datetime, end: datetime) -> str:
    """SQL with $__timeFilter filled in as Grafana does it.

    Raises:
        ValueError: a macro that is not known here.
    """
    first, last = (moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (begin, end))
    filled = re.sub(r"\$__timeFilter\(([^)]+)\)", rf"\1 BETWEEN '{first}' AND '{last}'", text)
    if "$__" in filled:
        raise ValueError(f"a macro that is not known here: {filled}")
    return filled
