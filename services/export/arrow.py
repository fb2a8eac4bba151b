"""Flat rows as Arrow tables: for Parquet files and for data frames. Needs pyarrow, an optional part."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from schemas import Event
from services.common.errors import UserError
from services.export.flat import COLUMNS, Kind, flat

try:
    import pyarrow as pa
except ImportError:
    raise UserError(
        "Parquet and data frames need the package pyarrow",
        remedy="install it with: pip install 'lagebild[parquet]', or 'lagebild[notebook]' with pandas and polars",
    ) from None

ROWS_AT_ONCE: Final = 5_000

TYPES: Final[dict[Kind, Any]] = {
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "whole": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "day": pa.date32(),
    "moment": pa.timestamp("ms", tz="UTC"),
}
SCHEMA: Final = pa.schema([(name, TYPES[kind]) for name, kind in COLUMNS.items()])


def batches(events: Iterable[Event]) -> Iterator[Any]:
    """The events as `pyarrow.RecordBatch`es of at most `ROWS_AT_ONCE` rows."""
    remaining = iter(events)
    while rows := [flat(event) for event in islice(remaining, ROWS_AT_ONCE)]:
        yield pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def table(events: Iterable[Event]) -> Any:
    """The events as one `pyarrow.Table`."""
    return pa.Table.from_batches(list(batches(events)), schema=SCHEMA)
