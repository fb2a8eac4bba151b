"""The formats. Each writes record after record, so that no export needs more memory than some thousand of them."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, BinaryIO, Final, Literal

from schemas import Event, write
from services.export.flat import COLUMNS, PLACES, Row, flat

Format = Literal["csv", "jsonl", "parquet", "geojson"]


def export(events: Iterable[Event], out: BinaryIO, form: Format) -> int:
    """Write records in their order; returns how many.

    Args:
        events: the records.
        out: where to, open for bytes; it is not closed.
        form: csv (RFC 4180 with a header, lists joined by "; "), jsonl (the records as in the topic), parquet,
            or geojson (RFC 7946).

    Raises:
        UserError: parquet is wanted, and pyarrow is not installed.
    """
    return FORMATS[form](events, out)


def _csv(events: Iterable[Event], out: BinaryIO) -> int:
    # The text layer must not close what it writes to.
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    count = 0
    for event in events:
        writer.writerow([_cell(value) for value in flat(event).values()])
        count += 1
    text.detach()
    return count


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case tuple():
            return "; ".join(value)
        case datetime() | date():
            return _iso(value)
        case _:
            return str(value)


def _iso(value: datetime | date) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _jsonl(events: Iterable[Event], out: BinaryIO) -> int:
    count = 0
    for event in events:
        out.write(write(event) + b"\n")
        count += 1
    return count


def _parquet(events: Iterable[Event], out: BinaryIO) -> int:
    from services.export.arrow import SCHEMA, batches

    # After the line above, which says what to do where pyarrow is not installed.
    from pyarrow import parquet  # isort: skip

    count = 0
    with parquet.ParquetWriter(out, SCHEMA, compression="zstd") as writer:
        for batch in batches(events):
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _geojson(events: Iterable[Event], out: BinaryIO) -> int:
    out.write(b'{"type":"FeatureCollection","features":[')
    count = 0
    for event in events:
        line = json.dumps(_feature(flat(event)), ensure_ascii=False, separators=(",", ":"), default=_iso)
        out.write((",\n" if count else "\n").encode() + line.encode())
        count += 1
    out.write(b"\n]}\n")
    return count


def _feature(row: Row) -> dict[str, Any]:
    """A GeoJSON feature: the destination as a point, or else the origin; null where no coordinates are known."""
    points = (_point(row, place) for place in reversed(PLACES))
    return {
        "type": "Feature",
        "id": row["event_id"],
        "geometry": next((point for point in points if point), None),
        "properties": {name: value for name, value in row.items() if value not in (None, ())},
    }


def _point(row: Row, place: str) -> dict[str, Any] | None:
    latitude, longitude = row[f"{place}_latitude"], row[f"{place}_longitude"]
    if latitude is None or longitude is None:
        return None
    return {"type": "Point", "coordinates": [longitude, latitude]}


FORMATS: Final[Mapping[str, Callable[[Iterable[Event], BinaryIO], int]]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "geojson": _geojson,
}
