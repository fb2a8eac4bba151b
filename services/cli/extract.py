"""`lagebild extract`: records of articles, without Kafka."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from schemas import Article, Event, write
from services.cli.reading import Model, Paths, PublishedAt, Reading, Source
from services.cli.tables import records_table


class Format(StrEnum):
    """How records are shown: for programs or for people."""

    JSONL = "jsonl"
    TABLE = "table"


def extract(
    paths: Paths,
    *,
    form: Annotated[
        Format, typer.Option("--format", help="jsonl: one record a line. table: one table an article, for people.")
    ] = Format.JSONL,
    published_at: PublishedAt = None,
    source: Source = None,
    model: Model = None,
) -> None:
    """Print the event records of articles: one JSON object a line, in the form the events topic has.

    Input is read as `lagebild produce` reads it. Without a date of publication, relative dates ("am Montag") stay
    unresolved. The same article gives the same records, byte for byte.

    Bad input (not UTF-8, empty, not an article) is named with file and line on standard error and passed over; the
    exit code is then 1.

    Examples:

        lagebild extract --format table --published-at 2024-10-28 meldung.txt

        lagebild extract articles.jsonl > records.jsonl

        cat meldung.txt | lagebild extract - | jq .type
    """
    reading = Reading(paths, published_at, source, model)
    found = ((article, reading.extractor.extract_with_doc(article)[1]) for article in reading.articles())
    if form is Format.TABLE:
        _print_tables(found)
    else:
        _print_lines(found)
    reading.end()


def _print_lines(found: Iterable[tuple[Article, list[Event]]]) -> None:
    # Bytes, because standard output may have another encoding than the records.
    out = sys.stdout.buffer
    for _, events in found:
        out.writelines(write(event) + b"\n" for event in events)
        out.flush()


def _print_tables(found: Iterable[tuple[Article, list[Event]]]) -> None:
    console = Console()
    for article, events in found:
        heading = article.title or article.id
        if events:
            console.print(records_table(events, title=escape(heading)))
        else:
            console.print(f"{heading}: no events", markup=False)
