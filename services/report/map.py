"""A map of where forces go, as the numbers and paths of an inline SVG.

Equirectangular, true to scale at the middle of what it shows. The land is Natural Earth's (`data/land.json` names
source and licence; `deploy/outline.py` makes it), without borders.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import cos, radians, sqrt
from typing import Final, NamedTuple

from schemas import DeploymentEvent, Place
from services.report.entries import Entry
from services.report.wording import place as place_words

WIDTH: Final = 1000
"""Of the picture, in its own units."""
MARGIN: Final = 8.0
LEAST_WIDTH: Final = 50.0
"""Degrees: a single place is shown with the continent around it."""
FLATTEST: Final = 0.5
"""Least height of the picture, as a share of its width."""
LETTER: Final = 12.0
"""Estimated width of a letter of a label."""
LINE: Final = 24.0
"""Height of a label."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


class Point(NamedTuple):
    """Degrees, WGS 84."""

    longitude: float
    latitude: float


@dataclass(frozen=True)
class Spot:
    """A place with its records: where forces go to, or else come from.

    Attributes:
        number: on the map and in the table beside it, from 1; 0 where its coordinates are unknown.
        name: the place by name, with its country.
        point: where it lies.
        entries: the records.
    """

    number: int
    name: str
    point: Point | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Marker:
    """A spot in the picture; `anchor` is SVG's text-anchor of the label, which is empty where it has no room."""

    number: int
    x: float
    y: float
    radius: float
    title: str
    label: str
    label_x: float
    anchor: str


@dataclass(frozen=True)
class Map:
    """The picture: its size, paths in SVG's notation, and markers, the largest first."""

    width: int
    height: int
    land: str
    routes: str
    markers: tuple[Marker, ...]


def spots(entries: Iterable[Entry]) -> list[Spot]:
    """The places of the deployments, those with most records first, those without coordinates last.

    Places with the same coordinates are one, by the name that most of the records give it.
    """
    found: dict[Point | str, list[tuple[str, Entry]]] = {}
    for one in entries:
        if isinstance(one.event, DeploymentEvent) and (where := _shown(one.event)):
            name = place_words(where)
            found.setdefault(_point(where) or name, []).append((name, one))
    ordered = sorted(found.items(), key=lambda item: (isinstance(item[0], str), -len(item[1]), _name(item[1])))
    return [
        Spot(0 if isinstance(at, str) else number, _name(told), None if isinstance(at, str) else at, _entries(told))
        for number, (at, told) in enumerate(ordered, start=1)
    ]


def _name(told: Sequence[tuple[str, Entry]]) -> str:
    return Counter(name for name, _ in told).most_common(1)[0][0]


def _entries(told: Sequence[tuple[str, Entry]]) -> tuple[Entry, ...]:
    return tuple(one for _, one in told)


def _shown(event: DeploymentEvent) -> Place | None:
    """The destination; the origin where that alone is known, or alone has coordinates."""
    known = [one for one in (event.destination, event.origin) if one]
    return next((one for one in known if _point(one)), known[0] if known else None)


def _point(where: Place | None) -> Point | None:
    if where is None or where.latitude is None or where.longitude is None:
        return None
    return Point(round(where.longitude, 2), round(where.latitude, 2))


def draw(places: Sequence[Spot]) -> Map | None:
    """The picture of these places; None where no coordinates are known."""
    placed = [(one, one.point) for one in places if one.point]
    if not placed:
        return None
    routes = sorted({route for one, _ in placed for told in one.entries if (route := _route(told))})
    view = View.of([point for _, point in placed] + [point for route in routes for point in route])
    paths = "".join(_path(view, route) for route in routes)
    return Map(WIDTH, view.height, _land(view), paths, tuple(_markers(view, placed)))


def _route(one: Entry) -> tuple[Point, Point] | None:
    if not isinstance(one.event, DeploymentEvent):
        return None
    ends = _point(one.event.origin), _point(one.event.destination)
    return (ends[0], ends[1]) if ends[0] and ends[1] and ends[0] != ends[1] else None


class View(NamedTuple):
    """What part of the world is shown, and how a point of it comes to its place in the picture."""

    left: float
    top: float
    scale_x: float
    scale_y: float
    height: int

    @classmethod
    def of(cls, points: Sequence[Point]) -> "View":
        """The view that shows these points with a margin around them."""
        longitudes, latitudes = [p.longitude for p in points], [p.latitude for p in points]
        left, width = _stretched(min(longitudes), max(longitudes), LEAST_WIDTH, 180.0)
        shrink = max(0.3, cos(radians((min(latitudes) + max(latitudes)) / 2)))
        bottom, depth = _stretched(min(latitudes), max(latitudes), FLATTEST * width * shrink, 90.0)
        scale_x = WIDTH / width
        scale_y = scale_x / shrink
        return cls(left, bottom + depth, scale_x, scale_y, round(depth * scale_y))

    def place(self, point: Point) -> tuple[float, float]:
        """The point's place in the picture."""
        return (point.longitude - self.left) * self.scale_x, (self.top - point.latitude) * self.scale_y


def _stretched(low: float, high: float, least: float, edge: float) -> tuple[float, float]:
    """The start and length of the stretch with its margin, at least so long, within the world's edge."""
    length = min(max(high - low + 2 * MARGIN, least), 2 * edge)
    start = (low + high - length) / 2
    return max(-edge, min(start, edge - length)), length


def _land(view: View) -> str:
    shapes = ([view.place(point) for point in ring] for ring in _outline())
    return "".join(_line(shape) + "Z" for shape in shapes if _touches(shape, view.height))


def _touches(shape: Sequence[tuple[float, float]], height: int) -> bool:
    xs, ys = [x for x, _ in shape], [y for _, y in shape]
    return max(xs) >= 0 and min(xs) <= WIDTH and max(ys) >= 0 and min(ys) <= height


@cache
def _outline() -> list[list[Point]]:
    data = json.loads((files("services.report") / "data" / "land.json").read_text(encoding="utf-8"))
    return [[Point(x / 10, y / 10) for x, y in zip(ring[::2], ring[1::2], strict=True)] for ring in data["land"]]


def _path(view: View, points: Iterable[Point]) -> str:
    return _line([view.place(point) for point in points])


def _line(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.0f},{y:.0f}" for x, y in points)


def _markers(view: View, placed: Sequence[tuple[Spot, Point]]) -> Iterable[Marker]:
    at = [(one, *view.place(point), _radius(one)) for one, point in placed]
    taken: list[Box] = [(x - radius, y - radius, x + radius, y + radius) for _, x, y, radius in at]
    for one, x, y, radius in at:
        title = f"{one.number}: {one.name}, {len(one.entries)}"
        label_x, anchor = x + radius + 4, "start"
        box = _label_box(label_x, y, one.name, anchor)
        if not _free(box, taken):
            label_x, anchor = x - radius - 4, "end"
            box = _label_box(label_x, y, one.name, anchor)
        label = one.name if _free(box, taken) else ""
        if label:
            taken.append(box)
        yield Marker(one.number, round(x, 1), round(y, 1), radius, title, label, round(label_x, 1), anchor)


def _radius(one: Spot) -> float:
    return round(13 + 2.5 * sqrt(len(one.entries) - 1), 1)


def _label_box(x: float, y: float, label: str, anchor: str) -> Box:
    width = LETTER * len(label)
    left = x if anchor == "start" else x - width
    return left, y - LINE / 2, left + width, y + LINE / 2


def _free(box: Box, taken: Iterable[Box]) -> bool:
    inside = box[0] >= 0 and box[2] <= WIDTH
    return inside and not any(_meet(box, other) for other in taken)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
