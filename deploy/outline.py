"""Makes the outline of the digest's map: `python deploy/outline.py land-110m.json > services/report/data/land.json`.

The argument is land-110m.json of the npm package world-atlas 2.0.2 (https://github.com/topojson/world-atlas), which
holds Natural Earth's land, 1:110m, as TopoJSON. Natural Earth is in the public domain. Land alone, no borders: who
draws borders takes sides, and this map is about troops at borders.
"""

import json
import sys
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

TOLERANCE: Final = 0.25
"""How far, in degrees, the simplified line may stray."""
SOURCE: Final = "Natural Earth 4.1.0, 1:110m land, by way of the npm package world-atlas 2.0.2; simplified"
LICENCE: Final = "public domain: https://www.naturalearthdata.com/about/terms-of-use/"
Point = tuple[float, float]


def main(topology: Path) -> None:
    """Write the outline to standard output."""
    rings = [simplified(ring) for ring in coastlines(json.loads(topology.read_text(encoding="utf-8")))]
    tenths = [[round(10 * degrees) for point in ring for degrees in point] for ring in rings if len(ring) >= 4]
    outline = {
        "source": SOURCE,
        "licence": LICENCE,
        "rings": "closed lines, each longitude, latitude, longitude, … in tenths of a degree, WGS 84",
        "land": tenths,
    }
    print(json.dumps(outline, separators=(",", ":")).replace("],[", "],\n["))  # noqa: T201 - a script for a terminal


def coastlines(topology: dict[str, Any]) -> list[list[Point]]:
    """The rings of all land, holes (the Caspian Sea) among them: longitude and latitude in degrees."""
    (scale_x, scale_y), (move_x, move_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        xs, ys = (list(accumulate(steps)) for steps in zip(*arc, strict=True))
        arcs.append([(x * scale_x + move_x, y * scale_y + move_y) for x, y in zip(xs, ys, strict=True)])
    rings = (
        [point for number in ring for point in (arcs[number] if number >= 0 else arcs[~number][::-1])]
        for shape in topology["objects"]["land"]["geometries"]
        for polygon in shape["arcs"]
        for ring in polygon
    )
    return [flat for ring in rings for flat in flattened(ring)]


def flattened(ring: list[Point]) -> list[list[Point]]:
    """The ring without jumps from one edge of the map to the other: twice where it goes over the 180th meridian."""
    unrolled, turns, before = [], 0, ring[0][0]
    for longitude, latitude in ring:
        turns += (before - longitude > 180) - (longitude - before > 180)
        unrolled.append((longitude + 360 * turns, latitude))
        before = longitude
    if turns:  # around the pole, Antarctica: its other side is the map's lower edge
        (first, _), (last, _) = unrolled[0], unrolled[-1]
        unrolled += [(last, -90.0), (first, -90.0), unrolled[0]]
    longitudes = [longitude for longitude, _ in unrolled]
    shifts = {0} | ({-360} if max(longitudes) > 180 else set()) | ({360} if min(longitudes) < -180 else set())
    return [[(longitude + shift, latitude) for longitude, latitude in unrolled] for shift in sorted(shifts)]


def simplified(ring: list[Point]) -> list[Point]:
    """The ring by Douglas and Peucker, its ends kept."""
    middle = len(ring) // 2  # the ends are one point: a line from it to itself has no distance to measure
    return _line(ring[: middle + 1])[:-1] + _line(ring[middle:])


def _line(points: list[Point]) -> list[Point]:
    if len(points) < 3:
        return points
    distances = [_distance(point, points[0], points[-1]) for point in points]
    farthest = max(range(len(points)), key=distances.__getitem__)
    if distances[farthest] <= TOLERANCE:
        return [points[0], points[-1]]
    return _line(points[: farthest + 1])[:-1] + _line(points[farthest:])


def _distance(point: Point, start: Point, end: Point) -> float:
    """Of the point from the stretch between start and end, in degrees."""
    (x, y), (x0, y0), (x1, y1) = point, start, end
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    share = 0.0 if length == 0 else max(0.0, min(1.0, ((x - x0) * dx + (y - y0) * dy) / length))
    return float(((x - x0 - share * dx) ** 2 + (y - y0 - share * dy) ** 2) ** 0.5)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
