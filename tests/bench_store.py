"""Rows a second into both databases, beside the bare driver with the same rows: `python -m tests.bench_store`."""

import argparse
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from services.storage import Change, Store, open_store
from services.storage.batch import sort_out
from services.storage.conversion import event_rows
from services.storage.rows import ARTICLES, EVENTS, EXTRACTIONS, PARTIES, PLACES, TOLD
from tests.findings import article, findings, moment, receipt
from tests.postgres import postgres_server

BATCH = 500

Tables = list[tuple[sa.TableClause, list[Sequence[Any]]]]


def batches(articles: int) -> Iterator[list[Change]]:
    """All records about so many articles, as the sink hands them over."""
    changes: list[Change] = []
    for number in range(articles):
        one = article(number)
        events = findings(one)
        changes += [Change(record, moment(number)) for record in (one, *events, receipt(one, events))]
    return (changes[i : i + BATCH] for i in range(0, len(changes), BATCH))


def plain_rows(batch: list[Change]) -> Tables:
    """The same records as rows, nothing else: what the bare driver gets."""
    found = sort_out(batch)
    current = {row.article_id: row.extraction_id for row in found.extractions.values() if row}
    # A batch may end within an article; to the bare driver all events are current.
    current |= {event.article.id: str(event.extraction_id) for event, _ in found.events.values()}
    shown = [event_rows(*one) for one in found.split(current)[0]]
    return [
        (ARTICLES, list(found.articles.values())),
        (EXTRACTIONS, [row for row in found.extractions.values() if row]),
        (EVENTS, [rows.event for rows in shown]),
        (PARTIES, [party for rows in shown for party in rows.parties]),
        (PLACES, [place for rows in shown for place in rows.places]),
        (TOLD, [told for rows in shown for told in rows.told]),
    ]


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def through_store(store: Store, articles: int) -> tuple[int, float]:
    """Rows, and seconds for them, records to rows included."""
    parts = list(batches(articles))
    total = 0

    def work() -> None:
        nonlocal total
        for part in parts:
            total += store.write(part, "bench", {}).rows

    took = seconds(work)
    return total, took


def bare_sqlite(path: Path, tables: list[Tables]) -> float:
    """Seconds for the same rows by `executemany`, a transaction for each batch, into the same tables."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")

        def work() -> None:
            for batch in tables:
                connection.execute("BEGIN IMMEDIATE")
                for table, rows in batch:
                    names = ", ".join(column.name for column in table.c)
                    marks = ", ".join("?" * len(table.c))
                    connection.executemany(f"INSERT OR IGNORE INTO {table.name} ({names}) VALUES ({marks})", rows)
                connection.execute("COMMIT")

        return seconds(work)


def bare_postgres(url: str, tables: list[Tables]) -> float:
    """Seconds for the same rows by COPY, a transaction for each batch, into the same tables."""
    with psycopg.connect(url) as connection:

        def work() -> None:
            for batch in tables:
                for table, rows in batch:
                    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.c)
                    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
                    with connection.cursor().copy(statement) as copy:
                        for row in rows:
                            copy.write_row(row)
                connection.commit()

        return seconds(work)


def whole_articles(articles: int) -> list[Tables]:
    """Rows for the bare driver, cut between articles, so that no article comes twice."""
    per_article = 5
    changes = [change for part in batches(articles) for change in part]
    size = BATCH // per_article * per_article
    return [plain_rows(changes[i : i + size]) for i in range(0, len(changes), size)]


def report(name: str, rows: int, took: float, bare: float) -> None:
    """One line of the result."""
    print(  # noqa: T201 - what one runs it for
        f"{name:<11} {rows:>7} rows  {rows / took:>8,.0f} rows/s   bare {rows / bare:>8,.0f} rows/s   {bare / took:.0%}"
    )


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=5000, help="each with three events")
    articles = parser.parse_args().articles
    tables = whole_articles(articles)
    folder = Path(tempfile.mkdtemp(prefix="lagebild-bench-"))
    try:
        with closing(open_store(f"sqlite:///{folder}/store.db")) as store:
            rows, took = through_store(store, articles)
        open_store(f"sqlite:///{folder}/bare.db").close()
        report("SQLite", rows, took, bare_sqlite(folder / "bare.db", tables))
    finally:
        shutil.rmtree(folder)
    with postgres_server() as server:
        with closing(open_store(server.fresh_database())) as store:
            rows, took = through_store(store, articles)
        url = server.fresh_database()
        open_store(url).close()
        report("PostgreSQL", rows, took, bare_postgres(url, tables))


if __name__ == "__main__":
    main()
