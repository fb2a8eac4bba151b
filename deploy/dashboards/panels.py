"""The panels' common form: none can be made without a title, a description, a unit and a query.

Made with grafana-foundation-sdk, whose classes Grafana generates from the dashboard's schema: a field that the schema
does not know is an error of mypy, not a panel that stays empty.
"""

from typing import Literal

from grafana_foundation_sdk.builders import barchart, common, geomap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import (
    FrameGeometrySourceMode,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
    TooltipDisplayMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.geomap import TooltipMode

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="lagebild-prometheus")
POSTGRESQL = DataSourceRef(type_val="grafana-postgresql-datasource", uid="lagebild-postgresql")
"""The sources' fixed names: deploy/grafana/provisioning/datasources."""

Promql = tuple[str, str]
"""An expression, and the legend of its series: `{{label}}` stands for a label's value."""


class Sql(Builder[Dataquery], Dataquery):
    """A query to PostgreSQL; the SDK has no class for it.

    Args:
        text: SQL with Grafana's macros ($__timeFilter).
        form: "time_series" needs the columns time, metric and a value, in the order of time.
    """

    def __init__(self, text: str, form: Literal["table", "time_series"] = "table") -> None:
        self._text = " ".join(text.split())
        self._form = form

    def build(self) -> Dataquery:
        """The query itself."""
        return self

    def to_json(self) -> dict[str, object]:
        """What Grafana's SQL sources take."""
        return {
            "refId": "A",
            "datasource": POSTGRESQL,
            "format": self._form,
            "editorMode": "code",
            "rawQuery": True,
            "rawSql": self._text,
        }


def numbers(title: str, description: str, unit: str, *queries: Promql, span: int = 6) -> stat.Panel:
    """Latest values, large."""
    panel = stat.Panel().title(title).description(description).unit(unit).span(span).height(5).datasource(PROMETHEUS)
    for letter, (expression, legend) in zip("ABCDEF", queries, strict=False):
        panel.with_target(_promql(letter, expression, legend).instant())
    return panel


def lines(title: str, description: str, unit: str, *queries: Promql, span: int = 8) -> timeseries.Panel:
    """Values over time, from Prometheus."""
    panel = _over_time(title, description, unit, span).datasource(PROMETHEUS).min(0)
    for letter, (expression, legend) in zip("ABCDEF", queries, strict=False):
        panel.with_target(_promql(letter, expression, legend).range())
    return panel


def columns_over_time(title: str, description: str, unit: str, sql: str, *, span: int) -> timeseries.Panel:
    """Stacked bars over time, from PostgreSQL."""
    panel = _over_time(title, description, unit, span).datasource(POSTGRESQL).with_target(Sql(sql, "time_series"))
    stacked = common.StackingConfig().mode(StackingMode.NORMAL).group("A")
    return panel.draw_style(GraphDrawStyle.BARS).fill_opacity(80).stacking(stacked)


def sql_numbers(title: str, description: str, unit: str, sql: str, *, span: int) -> stat.Panel:
    """The columns of one row, large."""
    panel = stat.Panel().title(title).description(description).unit(unit).span(span).height(5)
    return panel.datasource(POSTGRESQL).with_target(Sql(sql))


def bars(title: str, description: str, unit: str, sql: str, *, span: int, height: int = 9) -> barchart.Panel:
    """Stacked horizontal bars: the first column names them, the others are the parts."""
    panel = barchart.Panel().title(title).description(description).unit(unit).span(span).height(height)
    panel.datasource(POSTGRESQL).with_target(Sql(sql))
    return panel.line_width(1).orientation(VizOrientation.HORIZONTAL).stacking(StackingMode.NORMAL).legend(_legend())


def rows(title: str, description: str, unit: str, sql: str, *, span: int = 24) -> table.Panel:
    """A table whose cells lead to the article: the URL is in the column `url`."""
    panel = table.Panel().title(title).description(description).unit(unit).span(span).height(10)
    panel.datasource(POSTGRESQL).with_target(Sql(sql)).filterable(True)
    article = DashboardLink("Open the article").url("${__data.fields.url}").target_blank(True)
    return panel.data_links([article])


def places(title: str, description: str, unit: str, sql: str, *, size: str, span: int) -> geomap.Panel:
    """Markers on a map, from the columns latitude and longitude, as large as the column `size` says."""
    location = common.FrameGeometrySource().mode(FrameGeometrySourceMode.COORDS)
    style = {"size": {"field": size, "min": 4, "max": 20}, "color": {"fixed": "dark-orange"}, "opacity": 0.6}
    markers = common.MapLayerOptions().type("markers").name("places").tooltip(True)
    markers.config({"style": style, "showLegend": False})
    markers.location(location.latitude("latitude").longitude("longitude"))
    base = common.MapLayerOptions().type("default").name("Layer 0").config({})
    panel = geomap.Panel().title(title).description(description).unit(unit).span(span).height(14)
    panel.datasource(POSTGRESQL).with_target(Sql(sql)).basemap(base).layers([markers])
    panel.tooltip(geomap.TooltipOptions().mode(TooltipMode.DETAILS))
    return panel.view(geomap.MapViewConfig().id("coords").lat(30).lon(30).zoom(2))


def _promql(letter: str, expression: str, legend: str) -> prometheus.Dataquery:
    query = prometheus.Dataquery().ref_id(letter).expr(" ".join(expression.split()))
    return query.legend_format(legend).datasource(PROMETHEUS)


def _over_time(title: str, description: str, unit: str, span: int) -> timeseries.Panel:
    panel = timeseries.Panel().title(title).description(description).unit(unit).span(span).height(8)
    tooltip = common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI)
    return panel.legend(_legend()).tooltip(tooltip).fill_opacity(10).line_width(1)


def _legend() -> common.VizLegendOptions:
    legend = common.VizLegendOptions().show_legend(True).placement(LegendPlacement.BOTTOM)
    return legend.display_mode(LegendDisplayMode.LIST).calcs([])
