"""`lagebild extract`: records of articles, without Kafka."""

import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from schemas import Article, Event, write
from services.cli.produce import _moment as moment
from services.cli.tables import records_table
from services.common.settings import get_settings

if TYPE_CHECKING:
    from services.extraction.pipeline import Extractor
    from services.producer import BadInput


class Format(StrEnum):
    """How records are shown: for programs or for people."""

    JSONL = "jsonl"
    TABLE = "table"


def extract(
    paths: Annotated[
        list[str], typer.Argument(help="Files (.txt, .jsonl, RSS, Atom), folders, URLs, - for standard input.")
    ],
    *,
    form: Annotated[
        Format, typer.Option("--format", help="jsonl: one record a line. table: one table an article, for people.")
    ] = Format.JSONL,
    published_at: Annotated[
        str | None,
        typer.Option(help="Publication of articles that give none: 2024-10-28, or 2024-10-28T18:30:00+01:00."),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Newspaper, agency or site of articles that give none.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Folder of another spaCy pipeline.", show_default="the one of the package")
    ] = None,
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
    from services.extraction import load_extractor
    from services.producer import ReadOptions, read_articles

    settings = get_settings()
    options = ReadOptions(
        published_at=moment(published_at), source=source, max_article_bytes=settings.max_article_bytes
    )
    reader = _Reader(load_extractor(model or settings.extractor_model), read_articles(paths, options))
    if form is Format.TABLE:
        _print_tables(reader.records())
    else:
        _print_lines(reader.records())
    if reader.bad:
        raise typer.Exit(1)


class _Reader:
    """Records of the articles among `items`; the rest is named on standard error and counted in `bad`."""

    def __init__(self, extractor: "Extractor", items: "Iterable[Article | BadInput]") -> None:
        self.bad = 0
        self._extractor = extractor
        self._items = items
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def records(self) -> Iterator[tuple[Article, list[Event]]]:
        for item in self._items:
            if isinstance(item, Article):
                yield item, self._extractor.extract_with_doc(item)[1]
            else:
                self.bad += 1
                self._errors.print(str(item), markup=False)


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
