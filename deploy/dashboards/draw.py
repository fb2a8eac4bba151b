"""Pictures of the dashboards where there is no Grafana: the panels' queries, asked of the real sources, drawn here.

Not Grafana's looks: the layout, titles, units and results are the dashboard's, the drawing is ours.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deploy.dashboards.queries import Query, queries

Series = tuple[str, list[float], list[float]]
"""Legend, seconds since 1970 UTC, values."""
AskPrometheus = Callable[[Query], list[Series]]
AskDatabase = Callable[[Query], list[dict[str, Any]]]

INCHES_A_COLUMN, INCHES_A_ROW = 0.62, 0.3
LAND = Path(__file__).parents[2] / "services" / "report" / "data" / "land.json"
"""Natural Earth's land; the file says whence, and in which units."""
TABLE_ROWS, CELL_LETTERS = 9, 26


def draw(path: Path, picture: Path, ask_prometheus: AskPrometheus, ask_database: AskDatabase) -> None:
    """Draw a dashboard.

    Args:
        path: its JSON.
        picture: the PNG to write.
        ask_prometheus: the series of a query over the time to be shown.
        ask_database: the rows of a query.
    """
    asked: dict[str, list[Query]] = {}
    for query in queries(path):
        asked.setdefault(query.panel["title"], []).append(query)
    bottom = max(q.panel["gridPos"]["y"] + q.panel["gridPos"]["h"] for found in asked.values() for q in found)
    figure = Figure(figsize=(24 * INCHES_A_COLUMN, bottom * INCHES_A_ROW), dpi=70)
    for title, found in asked.items():
        axes = figure.add_axes(_place(found[0].panel["gridPos"], bottom))
        unit = found[0].panel["fieldConfig"]["defaults"]["unit"]
        axes.set_title(title if unit in {"short", "string"} else f"{title} [{unit}]", fontsize=8, loc="left")
        axes.tick_params(labelsize=6)
        if found[0].source == "prometheus":
            _series(axes, found[0].panel["type"], [series for query in found for series in ask_prometheus(query)])
        else:
            _rows(axes, found[0].panel["type"], ask_database(found[0]))
    figure.savefig(picture)


def _place(grid: dict[str, int], bottom: int) -> tuple[float, float, float, float]:
    """Left, lower edge, width and height as shares of the picture, with room for title and axes."""
    left, width = (grid["x"] + 0.9) / 24, (grid["w"] - 1.3) / 24
    return left, 1 - (grid["y"] + grid["h"] - 1.2) / bottom, width, (grid["h"] - 2.4) / bottom


def _series(axes: Axes, kind: str, found: Sequence[Series]) -> None:
    if kind == "stat":
        text = "\n".join(f"{values[-1]:,.6g}   {name}" for name, _, values in found)
        axes.text(0.02, 0.5, text, fontsize=9, va="center")
        axes.axis("off")
        return
    start = min((times[0] for _, times, _ in found), default=0.0)
    for name, times, values in found:
        axes.plot([time - start for time in times], values, linewidth=1, label=name[:40])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("seconds", fontsize=6)
    if found:
        axes.legend(fontsize=5, loc="upper left", ncols=2 if len(found) > 4 else 1)


def _rows(axes: Axes, kind: str, found: Sequence[dict[str, Any]]) -> None:
    if not found:
        axes.text(0.5, 0.5, "no rows", fontsize=8, ha="center")
        return
    {"stat": _numbers, "table": _table, "barchart": _bars, "timeseries": _columns, "geomap": _map}[kind](axes, found)


def _numbers(axes: Axes, found: Sequence[dict[str, Any]]) -> None:
    for number, (name, value) in enumerate(found[0].items()):
        axes.text((number + 0.5) / len(found[0]), 0.5, f"{value}\n{name}", fontsize=14, ha="center", va="center")
    axes.axis("off")


def _table(axes: Axes, found: Sequence[dict[str, Any]]) -> None:
    names = [name for name in found[0] if name != "url"]
    cells = [["" if row[n] is None else str(row[n])[:CELL_LETTERS] for n in names] for row in found[:TABLE_ROWS]]
    table = axes.table(cells, colLabels=names, loc="upper left", cellLoc="left")
    table.auto_set_font_size(False)
    table.set_fontsize(5)
    axes.axis("off")


def _bars(axes: Axes, found: Sequence[dict[str, Any]]) -> None:
    first, *parts = found[0]
    names = [str(row[first])[:CELL_LETTERS] for row in reversed(found)]
    ends = [0.0] * len(names)
    for part in parts:
        values = [float(row[part]) for row in reversed(found)]
        axes.barh(names, values, left=ends, label=part)
        ends = [end + value for end, value in zip(ends, values, strict=True)]
    # Inside, at the left edge: beside the axes long names would stand in the next panel.
    axes.tick_params(axis="y", direction="in", pad=-4, length=0)
    for label in axes.get_yticklabels():
        label.set_horizontalalignment("left")
    axes.legend(fontsize=5, loc="lower right")


def _columns(axes: Axes, found: Sequence[dict[str, Any]]) -> None:
    days = sorted({row["time"] for row in found})
    ends = dict.fromkeys(days, 0)
    for metric in sorted({row["metric"] for row in found}):
        values = {row["time"]: row["records"] for row in found if row["metric"] == metric}
        axes.bar(days, [values.get(day, 0) for day in days], 6, bottom=list(ends.values()), label=metric)
        ends = {day: end + values.get(day, 0) for day, end in ends.items()}
    axes.legend(fontsize=6, loc="upper left")


def _map(axes: Axes, found: Sequence[dict[str, Any]]) -> None:
    for ring in json.loads(LAND.read_text(encoding="utf-8"))["land"]:
        axes.fill([x / 10 for x in ring[::2]], [y / 10 for y in ring[1::2]], "0.92", edgecolor="0.7", linewidth=0.4)
    sizes = [20 * float(row["records"]) for row in found]
    axes.scatter([r["longitude"] for r in found], [r["latitude"] for r in found], sizes, "tab:orange", alpha=0.6)
    for row in found:
        axes.annotate(row["name"], (row["longitude"], row["latitude"]), (3, 3), "data", "offset points", fontsize=6)
    axes.set_xlim(-180, 180)
    axes.set_ylim(-60, 80)
    axes.grid(linewidth=0.3)
    axes.set_xlabel("longitude; Grafana puts a map of its own beneath", fontsize=6)
