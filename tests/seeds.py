"""A database with the records of the seeds, found by the extractor, without Kafka. Tests alone.

python -m tests.seeds lagebild.db      # for a look at it: docs/export.md
"""

import sys
from contextlib import closing
from functools import cache
from pathlib import Path

from schemas import Article, Event
from services.extraction import load_extractor
from services.producer import read_articles
from services.storage import Change, open_store
from tests.findings import moment, receipt

SEEDS = Path(__file__).parents[1] / "seeds"


@cache
def seeds() -> list[tuple[Article, list[Event]]]:
    """The articles with their records."""
    articles = [item for item in read_articles([str(SEEDS)]) if isinstance(item, Article)]
    return list(zip(articles, load_extractor().extract(articles), strict=True))


def fill_with_seeds(url: str) -> None:
    """Make the database with the seeds, their records and claims."""
    with closing(open_store(url)) as store:
        for article, events in seeds():
            told = (article, *events, receipt(article, events, load_extractor().version))
            store.write([Change(record, moment(0)) for record in told], "test", {})
        store.refresh_claims()


if __name__ == "__main__":
    fill_with_seeds(f"sqlite:///{sys.argv[1]}")
