"""Databases of the tests: an empty one of each kind, or one with articles in it. Tests alone."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from schemas import Article, Event
from services.storage import Change, open_store
from tests.findings import article, findings, moment, receipt
from tests.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.fresh_database()


def fill(url: str, articles: Sequence[Article] | None = None) -> list[Event]:
    """Make the database with articles (two by default) and their three events each; the events."""
    written: list[Event] = []
    with closing(open_store(url)) as store:
        for one in articles or (article(1), article(2)):
            found = findings(one)
            store.write([Change(record, moment(0)) for record in (one, *found, receipt(one, found))], "test", {})
            written += found
    return written
