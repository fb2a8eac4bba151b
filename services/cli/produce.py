"""`lagebild produce`: articles into the stream."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from schemas import Article
from schemas.article import PublishedAt
from services.common.errors import UserError
from services.common.settings import Settings, get_settings

if TYPE_CHECKING:
    from services.producer import BadInput, ReadOptions, SendOptions, Summary

PLAIN_STEP = 1000
"""Articles between two lines where no terminal shows a progress bar."""

REMIND_SECONDS = 30.0


def produce(
    paths: Annotated[
        list[str],
        typer.Argument(help="Files (.txt, .jsonl, RSS, Atom), folders, URLs of feeds or pages, - for standard input."),
    ],
    *,
    published_at: Annotated[
        str | None,
        typer.Option(help="Publication of articles that give none: 2024-10-28, or 2024-10-28T18:30:00+01:00."),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Newspaper, agency or site of articles that give none.")] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="At most so many articles a second.", show_default="no limit")
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Send everything so many times.")] = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and list the articles; send nothing, need no broker.")
    ] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Bad input does not make the exit code 1.")] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Let URLs and links of feeds lead into private networks.")
    ] = False,
) -> None:
    """Send articles to the articles topic, each confirmed by the broker.

    A .txt file is one article: its text is the file as it is. Its title is its first line if a blank line follows,
    else the file's name; NAME.json beside NAME.txt may give id, title, source, url, published_at and language. A
    .jsonl file has one article a line with the same fields and text. Of a feed, the pages it links to are read.

    Dates are taken from the input, or from --published-at where it has none; they are never invented. Article ids
    come from the input, else from the URL, else from the text: to send something twice changes nothing downstream.

    Bad input (not UTF-8, empty, not an article, too large) is named with file and line, passed over and counted;
    the exit code is then 1, unless --skip-bad. Ctrl-C ends in order: what was sent is confirmed first.

    Examples:

        lagebild produce seeds/

        lagebild produce --source dpa --published-at 2024-10-28 meldung.txt

        lagebild produce --dry-run articles.jsonl https://example.org/feed.xml

        zcat archive.jsonl.gz | lagebild produce --rate 50 --skip-bad -
    """
    from services.producer import FetchLimits, ReadOptions, SendOptions

    settings = get_settings()
    reading = ReadOptions(
        published_at=moment(published_at),
        source=source,
        max_article_bytes=settings.max_article_bytes,
        repeat=repeat,
        fetch=FetchLimits(allow_private=allow_private),
    )
    summary = asyncio.run(_run(paths, settings, reading, SendOptions(rate, dry_run)))
    typer.echo(_sentence(summary, dry_run))
    if summary.interrupted:
        raise typer.Exit(130)
    if summary.rejected and not skip_bad:
        raise typer.Exit(1)


async def _run(paths: list[str], settings: Settings, reading: "ReadOptions", sending: "SendOptions") -> "Summary":
    from services.producer import produce as send
    from services.producer import read_articles

    items = read_articles(paths, reading)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with _view(console) as view, _told_of_outages(console):
        async with _web(settings):
            return await send(
                _listed(items) if sending.dry_run else items,
                settings,
                sending,
                progress=view.advanced,
                rejected=view.rejected,
                stop=_stop_on_signal(),
            )


@asynccontextmanager
async def _web(settings: Settings) -> AsyncIterator[None]:
    """Metrics and health while it runs, where a port is set: a long replay can be watched like a service."""
    if settings.producer_web_port is None:
        yield
        return
    from importlib.metadata import version

    from services.common import metrics
    from services.common.web import Health, serve

    metrics.BUILD.info({"service": "producer", "version": version("lagebild")})
    server = await serve(Health(), settings.web_host, settings.producer_web_port)
    try:
        yield
    finally:
        await server.close()


def _stop_on_signal() -> asyncio.Event:
    """Set by the first SIGINT or SIGTERM; the second acts as if there were no handler."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def first() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, first)
    return stop


def _listed(items: "Iterable[Article | BadInput]") -> "Iterator[Article | BadInput]":
    for item in items:
        if isinstance(item, Article):
            published = item.published_at.isoformat() if item.published_at else "undated"
            typer.echo(f"{item.id}\t{published}\t{item.title or ''}")
        yield item


class _View:
    """Plain lines; on a terminal a line that counts, below them."""

    def __init__(self, console: Console, bar: Progress | None) -> None:
        self._console = console
        self._bar = bar
        self._task: TaskID | None = bar.add_task("articles", total=None) if bar else None

    def advanced(self, count: int) -> None:
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=count)
        elif count % PLAIN_STEP == 0:
            self._console.print(f"{count} articles")

    def rejected(self, bad: "BadInput") -> None:
        self._console.print(str(bad), markup=False)


@contextmanager
def _view(console: Console) -> Iterator[_View]:
    if not console.is_terminal:
        yield _View(console, None)
        return
    columns = (SpinnerColumn(), TextColumn("{task.completed:.0f} articles"), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        yield _View(console, bar)


class _Outages(logging.Handler):
    """aiokafka tells of an outage many times a second; a person wants to hear of it now and then."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.ERROR)
        self._console = console
        self._told_at = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        if record.created - self._told_at > REMIND_SECONDS:
            self._told_at = record.created
            self._console.print(f"waiting for the broker: {record.getMessage()}", markup=False)


@contextmanager
def _told_of_outages(console: Console) -> Iterator[None]:
    logger, handler = logging.getLogger("aiokafka"), _Outages(console)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = True
        logger.removeHandler(handler)


def moment(written: str | None) -> date | datetime | None:
    """The date or moment that an option gives. Raises UserError where it is neither."""
    try:
        return TypeAdapter[date | datetime | None](PublishedAt | None).validate_python(written)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UserError(f"--published-at {written!r} cannot be used", remedy=reason) from None


def _sentence(summary: "Summary", dry_run: bool) -> str:
    done = f"{summary.read} articles checked, nothing sent" if dry_run else f"{summary.confirmed} articles confirmed"
    rate = f", {summary.confirmed / summary.seconds:.0f} a second" if summary.confirmed and summary.seconds else ""
    bad = f"; {summary.rejected} bad inputs passed over" if summary.rejected else ""
    stopped = "; stopped before the end" if summary.interrupted else ""
    return f"{done} in {summary.seconds:.1f} s{rate}{bad}{stopped}"
