"""`lagebild demo`: the whole stream once, from the seed articles to a table of records."""

import asyncio
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from schemas import Article, Event
from services.common.errors import UserError

if TYPE_CHECKING:
    from services.demo import Stream
    from services.storage import Store

IDLE_SECONDS = 60.0


def demo(
    seeds: Annotated[Path, typer.Argument(help="Articles to replay: a folder or a file.")] = Path("seeds"),
    out: Annotated[Path, typer.Option(help="Folder for the database, the report, the metrics and the logs.")] = Path(
        "demo"
    ),
    keep: Annotated[bool, typer.Option("--keep", help="Let everything run until Ctrl-C, for looking around.")] = False,
) -> None:
    """Show the stream at work: start Kafka, extractor and sink, replay the seeds, print the records, stop everything.

    Needs Java 17 or newer, and Maven for the first run. The folder of an earlier demo is replaced.
    """
    from services.demo import Stream
    from services.storage import open_store

    # SIGTERM stops the children as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console()
    articles = _read(seeds)
    _clear(out)
    started = time.monotonic()
    with Stream(out.resolve(), lambda step: console.print(f"• {step}")) as stream:
        store = open_store(stream.settings.database_url)
        try:
            _replay(articles, stream, store, console)
            events = list(store.events())
        finally:
            store.close()
        metrics = stream.save_metrics()
        _show(console, articles, events, out, metrics)
        console.print(f"{len(articles)} articles, {len(events)} records in {time.monotonic() - started:.0f} s")
        if keep:
            _wait(console, stream)
    console.print("stopped everything that was started")


def _read(seeds: Path) -> list[Article]:
    from services.producer import read_articles

    items = list(read_articles([seeds]))
    articles = [item for item in items if isinstance(item, Article)]
    for item in items:
        if not isinstance(item, Article):
            raise UserError(f"{item.source}: {item.reason}", remedy="mend or remove it, then run the demo again")
    if not articles:
        raise UserError(f"no articles in {seeds}", remedy="give a folder of .txt or .jsonl files")
    return articles


def _clear(out: Path) -> None:
    """Remove the last demo; a folder that holds anything else is left alone."""
    if out.exists() and not (out / "lagebild.db").exists() and any(out.iterdir()):
        raise UserError(f"the folder {out} holds something that no demo has made", remedy="choose another by --out")
    shutil.rmtree(out, ignore_errors=True)


def _replay(articles: list[Article], stream: "Stream", store: "Store", console: Console) -> None:
    from services.producer import produce

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        sent = progress.add_task("articles sent", total=len(articles))
        asyncio.run(produce(articles, stream.settings, progress=lambda n: progress.update(sent, completed=n)))
        stored = progress.add_task("articles read and stored", total=len(articles))
        _follow(len(articles), stream, store, lambda n: progress.update(stored, completed=n))


def _follow(wanted: int, stream: "Stream", store: "Store", tell: Any) -> None:
    done, moved = -1, time.monotonic()
    while done < wanted:
        stream.check()
        now = store.counts().extractions
        if now != done:
            done, moved = now, time.monotonic()
            tell(done)
        elif time.monotonic() - moved > IDLE_SECONDS:
            raise UserError(f"only {done} of {wanted} articles arrived", remedy="see the logs, and `dead-letters list`")
        time.sleep(0.1)


def _show(console: Console, articles: list[Article], events: list[Event], out: Path, metrics: list[Path]) -> None:
    from services.cli.tables import records_table
    from services.report import render

    by_article = {article.id: [e for e in events if e.article.id == article.id] for article in articles}
    report = out / "report.html"
    report.write_text(
        render([(a, by_article[a.id]) for a in articles], "Lagebild: the seed articles"), encoding="utf-8"
    )
    console.print(records_table([event for article in articles for event in by_article[article.id]]))
    console.print(f"database  {out / 'lagebild.db'}   (ask it: lagebild events --database sqlite:///{out}/lagebild.db)")
    console.print(f"report    {report}   (open it in a browser)")
    console.print(f"metrics   {'  '.join(str(out / path.name) for path in metrics)}")


def _wait(console: Console, stream: "Stream") -> None:
    console.print(
        f"Kafka answers at {stream.settings.bootstrap_servers}; metrics: {', '.join(stream.metrics.values())}"
    )
    console.print("everything runs until Ctrl-C")
    try:
        while True:
            stream.check()
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("stopping")
