"""Databases of every released version, filled by SQL, brought forward: nothing is lost, and what is new works."""

import json
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from schemas import Event, read_claim, read_event, write
from services.storage import Change, EventFilter, Partition, Store, open_store
from services.storage.migrate import head, migrate, version_of
from tests.databases import fill
from tests.findings import article, findings, moment, receipt

ROWS: Final = Path(__file__).parent / "data" / "released_rows.json"
"""Rows of five invented articles as version 0003 wrote them; those of older versions had the same columns."""
SINCE: Final = {
    "0001": (
        *("articles", "extractions", "events", "parties", "places", "told", "pending_events", "consumer_offsets"),
    ),
    "0002": (),
    "0003": ("claims", "claim_parties", "claim_records", "text_signatures", "claim_changes", "claim_outbox"),
    "0004": ("dead_letters",),
}
"""The tables that each version brought."""
FLAGS: Final = {"reported", "quoted", "quantity_approximate", "statuses_disagree", "quantities_disagree"}


@cache
def released() -> dict[str, list[dict[str, Any]]]:
    """The rows by table."""
    rows: dict[str, list[dict[str, Any]]] = json.loads(ROWS.read_text(encoding="utf-8"))
    letter = dict.fromkeys(("topic", "stage", "exception", "reason"), "x") | {"dead_letter_id": "articles-0-1"}
    return rows | {"dead_letters": [letter | {"failed_at": "2024-03-20T08:30:00.000Z"}]}


def tables_of(version: str) -> list[str]:
    return [name for since, names in SINCE.items() if since <= version for name in names]


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """A plain engine on the database, to write to it from outside."""
    drivername = "postgresql+psycopg" if url.startswith("postgres") else "sqlite"
    engine = sa.create_engine(sa.make_url(url).set(drivername=drivername), poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(params=list(SINCE))
def version(request: pytest.FixtureRequest, engine: sa.Engine) -> str:
    """A version, and the database as it left it, with rows in all its tables."""
    version: str = request.param
    with engine.begin() as connection:
        migrate(connection, version)
        for table in tables_of(version):
            for row in released()[table]:
                _insert(connection, table, row)
        assert version_of(connection) == version
    return version


def _insert(connection: sa.Connection, table: str, row: dict[str, Any]) -> None:
    # By names alone, not by the tables that the code knows today: they are the newest version's.
    values = {name: bool(value) if name in FLAGS and value is not None else value for name, value in row.items()}
    columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({marks})"), values)


@pytest.fixture
def store(url: str, version: str) -> Iterator[Store]:
    """The database, brought forward."""
    del version
    with closing(open_store(url)) as store:
        yield store


def events() -> set[Event]:
    return {read_event(row["record"].encode()) for row in released()["events"]}


def claims() -> set[bytes]:
    return {write(read_claim(row["record"].encode())) for row in released()["claims"]}


def refreshed(store: Store) -> set[bytes]:
    while store.refresh_claims().waiting:
        pass
    return {write(claim) for claim in store.claims()}


def test_the_rows_are_those_of_before(store: Store, engine: sa.Engine, version: str) -> None:
    assert set(store.events()) == events()
    assert store.offsets("test") == {Partition("events", 0): 7}
    assert store.check() == []
    with engine.connect() as connection:
        assert version_of(connection) == head()
        for table in tables_of(version):
            count = sa.select(sa.func.count()).select_from(sa.table(table))
            assert connection.execute(count).scalar_one() == len(released()[table]), table
        days = connection.execute(sa.text("SELECT article_id, CAST(published_on AS text) FROM articles"))
        assert dict(days.all()) == {row["article_id"]: row["published_on"] for row in released()["articles"]}


def test_the_views_answer(store: Store, engine: sa.Engine) -> None:
    by_type = store.counts().by_type
    with engine.connect() as connection:
        for view, kind in (("deployments", "deployment"), ("supplies", "supply"), ("statements", "statement")):
            assert len(connection.execute(sa.text(f"SELECT * FROM {view}")).all()) == by_type[kind]
        sent = sa.text("SELECT actor, destination_country, said_by FROM deployments WHERE article_id = 'artikel-1'")
        assert connection.execute(sent).one() == ("Dänemark", "EST", "Verteidigungsministerium")
        told = connection.execute(sa.text("SELECT count(*) FROM told_events")).scalar_one()
        assert told == len(released()["told"])


def test_the_texts_are_found(store: Store) -> None:
    found = {event.article.id for event in store.events(EventFilter(search="Leopard-Panzer"))}
    assert found == {"artikel-1"}
    assert {event.article.id for event in store.events(EventFilter(search="Libyen Geheimdienst"))} == {"a04"}


def test_the_claims_are_there_or_are_made(store: Store, version: str) -> None:
    if version >= "0003":
        assert {write(claim) for claim in store.claims()} == claims()
        assert store.claim_changes_waiting() == 0
    assert refreshed(store) == claims()
    unsent = {message.claim_id for message in store.unsent_claims()}
    assert unsent == {row["claim_id"] for row in released()["claims"]}
    assert store.check() == []


def test_what_waited_is_shown_and_writing_goes_on(store: Store, url: str) -> None:
    two, found = article(2), findings(article(2))[:2]
    assert store.counts().pending == 2
    store.write([Change(record, moment(20)) for record in (two, receipt(two, found))], "test", {})
    assert store.counts().pending == 0
    changed = article(1, title="Truppen im Baltikum, berichtigt")
    more = fill(url, [changed, article(3)])
    kept = {event for event in events() if event.article.id != "artikel-1"}
    assert set(store.events()) == kept | set(found) | set(more)
    assert len(refreshed(store)) >= len(claims())
    assert store.check() == []
    assert len({event.article.id for event in store.events(EventFilter(search="Leopard-Panzer"))}) == 3


def test_every_released_version_is_tried() -> None:
    assert list(SINCE)[-1] == head()
    assert set(released()) == {name for names in SINCE.values() for name in names}
