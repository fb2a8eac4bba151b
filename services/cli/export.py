"""`lagebild export`: records out of the database, for other tools."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from services.cli.filtering import (
    Actor,
    ArticleId,
    Country,
    Database,
    Party,
    Recipient,
    Search,
    Since,
    Statuses,
    Supplier,
    Types,
    Until,
    event_filter,
)
from services.cli.reading_store import opened
from services.common.errors import UserError
from services.export import FORMATS
from services.export import export as write_all


def export(
    *,
    form: Annotated[str, typer.Option("--format", help="csv, jsonl, parquet or geojson.")] = "csv",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write.", show_default="standard output")
    ] = None,
    types: Types = None,
    status: Statuses = None,
    actor: Actor = None,
    supplier: Supplier = None,
    recipient: Recipient = None,
    party: Party = None,
    country: Country = None,
    search: Search = None,
    since: Since = None,
    until: Until = None,
    article: ArticleId = None,
    limit: Annotated[int, typer.Option(min=0, help="Most records, the latest published; 0: all.")] = 0,
    database: Database = None,
) -> None:
    """Write event records as CSV, JSON lines, Parquet or GeoJSON, with the filters of `lagebild events`.

    Records are written as they come from the database, however many they are. A file appears when it is whole.

    Example:

        lagebild export --format geojson --type deployment --since 30d -o deployments.geojson
    """
    if form not in FORMATS:
        raise UserError(f"--format {form!r} does not exist", remedy=f"choose from {', '.join(FORMATS)}")
    if form == "parquet" and out is None and sys.stdout.isatty():
        raise UserError("Parquet is no text for a terminal", remedy="name a file with -o, or send it into a pipe")
    filters = event_filter(
        types=types,
        status=status,
        actor=actor,
        supplier=supplier,
        recipient=recipient,
        party=party,
        country=country,
        search=search,
        since=since,
        until=until,
        article_id=article,
        limit=limit,
    )
    with opened(database) as store, _target(out) as target:
        count = write_all(store.events(filters), target, form)  # type: ignore[arg-type]  # checked above
    typer.echo(f"{count} records{f' in {out}' if out else ''}", err=True)


@contextmanager
def _target(out: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that takes its name when all is written."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(out)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror})", remedy="choose another file with -o") from None
    finally:
        part.unlink(missing_ok=True)
