"""Cost of the claims for each event as the database grows: `python -m tests.bench_claims [--postgresql]`."""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path

from schemas import Article, ArticleReference, DeploymentEvent, Event, event_id, extraction_id
from services.storage import Change, Store, open_store
from tests.findings import article as example
from tests.findings import findings, moment, receipt
from tests.postgres import postgres_server

COUNTRIES = [f"{a}{b}X" for a in "ABCDEFG" for b in "ABCDEFG"]
BATCH = 500
WORDS = ("Truppen", "Grenze", "Minister", "Sprecher", "Lage", "Abend", "sagte", "meldete", "Nacht")
PER_ARTICLE = 2


def told(number: int, total: int, generator: random.Random) -> tuple[Article, list[Event]]:
    """An article of a year's stream: two deployments, a tenth of all by one pair of states."""
    day = date(2024, 1, 1) + timedelta(days=365 * number // total)
    text = " ".join(generator.choices(WORDS, k=120))
    article = Article(id=f"b{number}", text=text, source=f"Blatt {generator.randrange(200)}", published_at=day)
    model = next(event for event in findings(example()) if isinstance(event, DeploymentEvent))
    return article, [_event(article, model, ordinal, generator) for ordinal in range(PER_ARTICLE)]


def _event(article: Article, model: DeploymentEvent, ordinal: int, generator: random.Random) -> Event:
    busy = generator.random() < 0.1
    actor, target = ("RUS", "UKR") if busy else generator.sample(COUNTRIES, 2)
    assert model.destination, "the example has one"
    changes = {
        "event_id": event_id(article.id, "deployment", model.anchor.start, model.anchor.end, ordinal),
        "extraction_id": extraction_id(article, "bench"),
        "article": ArticleReference.of(article),
        "actor": (model.actor[0].model_copy(update={"code": actor, "name": actor}),),
        "destination": model.destination.model_copy(update={"country": target, "name": target}),
        "time": None,
    }
    return model.model_copy(update=changes)


def batches(articles: int) -> Iterator[list[Change]]:
    """The records as the sink hands them over."""
    generator = random.Random(1)
    changes: list[Change] = []
    for number in range(articles):
        article, events = told(number, articles, generator)
        records = (article, *events, receipt(article, events, "bench"))
        changes += [Change(record, moment(number)) for record in records]
        if len(changes) >= BATCH:
            yield changes
            changes = []
    yield changes


def measure(store: Store, articles: int) -> None:
    """Print the claims' cost by tenth of the stream, in CPU seconds of this process, which other work leaves alone.

    What PostgreSQL's server spends is not in it.
    """
    spent, events, tenth = 0.0, 0, articles * PER_ARTICLE // 10
    written = 0.0
    for batch in batches(articles):
        before = time.process_time()
        store.write(batch, "bench", {})
        middle = time.process_time()
        store.refresh_claims()
        written, spent = written + middle - before, spent + time.process_time() - middle
        events += sum(isinstance(change.record, DeploymentEvent) for change in batch)
        if events >= tenth:
            tenth += articles * PER_ARTICLE // 10
            cost = f"claims {spent / events * 1000:.2f} ms an event, rows {written / events * 1000:.2f} ms"
            print(f"{events:>7} events: {cost}", flush=True)  # noqa: T201 - what one runs it for


@contextmanager
def database(postgresql: bool) -> Iterator[str]:
    """The URL of an empty database of either kind."""
    if postgresql:
        with postgres_server() as server:
            yield server.fresh_database()
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder)}/b.db"


def main() -> None:
    """Measure one database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--postgresql", action="store_true", help="in place of SQLite")
    options = parser.parse_args()
    with database(options.postgresql) as url, closing(open_store(url)) as store:
        measure(store, options.events // PER_ARTICLE)
        print(f"{sum(1 for _ in store.claims())} claims, {len(store.check())} faults")  # noqa: T201 - here too


if __name__ == "__main__":
    main()
