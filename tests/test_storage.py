"""What a store promises, shown on SQLite and on PostgreSQL alike."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import Article, DeploymentEvent, Event, Extraction, write
from services.storage import (
    Advance,
    Change,
    EventFilter,
    Fenced,
    Partition,
    Removal,
    Store,
    Unstorable,
    open_store,
)
from services.storage.filtering import accepts
from services.storage.sql_store import GRACE
from tests.findings import TEXT, article, findings, moment, receipt
from tests.postgres import PostgresServer

GROUP = "test"
EVENTS = Partition("events", 0)
ARTICLES = Partition("articles", 0)

Record = Article | Event | Extraction | Removal


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = open_store(url)
    yield store
    store.close()


def put(store: Store, *records: Record, at: float = 0) -> None:
    """Write records in one batch, their messages `at` seconds into the test."""
    store.write([Change(record, moment(at)) for record in records], GROUP, {})


def texts(url: str) -> dict[str, str | None]:
    """The articles' texts."""
    return {row.article_id: row.text for row in rows(url, "articles")}


def rows(url: str, table: str) -> Sequence[sa.Row[tuple[object, ...]]]:
    """All rows of a table, in some fixed order; times of messages left out, which differ from replay to replay."""
    engine, metadata = reflect(url)
    found = metadata.tables[table]
    kept = [column for column in found.c if column.name not in {"number", "seen_at", "first_seen_at", "search"}]
    with engine.connect() as connection:
        return connection.execute(sa.select(*kept).order_by(*found.primary_key.columns)).all()


@cache
def reflect(url: str) -> tuple[sa.Engine, sa.MetaData]:
    """An engine that keeps no connection, and the tables that the database has."""
    drivername = "postgresql+psycopg" if url.startswith("postgres") else "sqlite"
    engine = sa.create_engine(sa.make_url(url).set(drivername=drivername), poolclass=sa.NullPool)
    metadata = sa.MetaData()
    metadata.reflect(engine)
    return engine, metadata


def test_events_are_seen_when_their_extraction_is_there(store: Store) -> None:
    one = article()
    events = findings(one)
    put(store, one, *events)
    assert list(store.events()) == []
    assert store.counts().pending == 3
    put(store, receipt(one, events))
    assert list(store.events()) == events
    assert store.counts().pending == 0


def test_records_come_back_as_they_were_written(store: Store) -> None:
    one = article(published=date(2024, 3, 19))
    events = findings(one)
    put(store, one, *events, receipt(one, events))
    assert [write(event) for event in store.events()] == [write(event) for event in events]


def test_events_may_come_before_their_article(store: Store, url: str) -> None:
    one = article()
    events = findings(one)
    put(store, *events, receipt(one, events))
    (stub,) = rows(url, "articles")
    assert (stub.article_id, stub.title, stub.url, stub.text) == (one.id, one.title, one.url, None)
    assert list(store.events()) == events
    put(store, one)
    assert texts(url) == {one.id: TEXT}
    assert list(store.events()) == events


def test_an_article_without_events_is_known_to_have_been_read(store: Store) -> None:
    put(store, article(), receipt(article(), []))
    counts = store.counts()
    assert (counts.articles, counts.extractions, counts.events) == (1, 1, 0)
    assert store.check() == []


def test_a_newer_extraction_replaces_the_rows_of_the_older(store: Store) -> None:
    one, other = article(1), article(2)
    for which in (one, other):
        put(store, which, *findings(which), receipt(which, findings(which)))
    newer = findings(one, "test-2", count=2)
    put(store, *newer, at=1)
    assert len(list(store.events())) == 6
    put(store, receipt(one, newer, "test-2"), at=1)
    assert set(store.events()) == {*newer, *findings(other)}
    assert store.check() == []


def test_an_extraction_that_comes_back_finds_its_events(store: Store) -> None:
    """A version rolled back: its events were sent again, and read, before the newer version's receipt."""
    one = article()
    old, new = findings(one), findings(one, "test-2", count=1)
    put(store, *old, receipt(one, old))
    put(store, *new, *old, at=1)
    put(store, receipt(one, new, "test-2"), at=1)
    assert list(store.events()) == new
    put(store, receipt(one, old), at=1)
    assert list(store.events()) == old
    assert store.check() == []


def test_replaced_events_are_not_kept_for_ever(store: Store) -> None:
    one = article()
    old, new = findings(one), findings(one, "test-2", count=1)
    put(store, *old, receipt(one, old))
    later = GRACE.total_seconds() + 1
    put(store, *new, receipt(one, new, "test-2"), at=later)
    assert store.counts().pending == 0
    put(store, *old, at=later)
    assert store.counts().pending == 3
    put(store, receipt(one, new, "test-2"), at=3 * later)
    assert store.counts().pending == 0
    assert list(store.events()) == new


def test_a_changed_article_replaces_text_and_findings(store: Store, url: str) -> None:
    before, after = article(title="Truppen"), article(title="Truppen im Baltikum, korrigiert")
    for one in (before, after):
        put(store, one, *findings(one), receipt(one, findings(one)))
    (row,) = rows(url, "articles")
    assert row.title == after.title
    assert list(store.events()) == findings(after)


def test_a_withdrawn_article_leaves_its_citation_while_findings_stand(store: Store, url: str) -> None:
    one = article()
    events = findings(one)
    put(store, one, *events, receipt(one, events))
    put(store, Removal(one.id, "article"))
    assert texts(url) == {one.id: None}
    assert list(store.events()) == events
    put(store, Removal(one.id, "extraction"), at=2 * GRACE.total_seconds())
    assert list(store.events()) == []
    assert store.counts().extractions == 0


def test_a_withdrawn_article_without_findings_is_gone(store: Store) -> None:
    put(store, article())
    put(store, Removal(article().id, "article"))
    assert store.counts().articles == 0
    put(store, Removal("unbekannt", "article"), Removal("unbekannt", "extraction"))
    assert store.counts().articles == 0


# --- offsets ---------------------------------------------------------------------------------------------------------


def test_offsets_are_stored_with_the_rows(store: Store) -> None:
    assert store.offsets(GROUP) == {}
    store.write([Change(article(), moment(0))], GROUP, {ARTICLES: Advance(None, 1), EVENTS: Advance(None, 7)})
    store.write([], GROUP, {ARTICLES: Advance(1, 5)})
    assert store.offsets(GROUP) == {ARTICLES: 5, EVENTS: 7}
    assert store.offsets("another") == {}
    store.forget_offsets(GROUP)
    assert store.offsets(GROUP) == {}


@pytest.mark.parametrize("expected", [None, 3, 8])
def test_a_writer_with_wrong_offsets_is_fenced_and_writes_nothing(store: Store, expected: int | None) -> None:
    store.write([], GROUP, {EVENTS: Advance(None, 7)})
    with pytest.raises(Fenced, match="events/0"):
        store.write([Change(article(), moment(0))], GROUP, {ARTICLES: Advance(None, 1), EVENTS: Advance(expected, 9)})
    assert store.offsets(GROUP) == {EVENTS: 7}
    assert store.counts().articles == 0


def test_a_writer_that_expects_an_offset_where_none_is_is_fenced(store: Store) -> None:
    with pytest.raises(Fenced):
        store.write([], GROUP, {EVENTS: Advance(3, 4)})


def test_offsets_never_go_back(store: Store) -> None:
    store.write([], GROUP, {EVENTS: Advance(None, 7)})
    with pytest.raises(ValueError, match="only go forward"):
        store.write([], GROUP, {EVENTS: Advance(7, 6)})


# --- bad records -----------------------------------------------------------------------------------------------------


def test_one_bad_record_stops_the_batch_and_leaves_nothing(store: Store) -> None:
    one = article()
    events = findings(one)
    assert isinstance(events[1], DeploymentEvent)
    assert events[1].destination is not None
    place = events[1].destination.model_copy(update={"geonames_id": 2**70})
    bad = events[1].model_copy(update={"destination": place})
    with pytest.raises(Unstorable):
        store.write(
            [Change(record, moment(0)) for record in (one, events[0], bad, receipt(one, events))],
            GROUP,
            {EVENTS: Advance(None, 4)},
        )
    assert (store.counts().articles, store.offsets(GROUP)) == (0, {})


def test_a_bad_record_is_refused_also_where_it_would_have_to_wait(store: Store) -> None:
    one = article()
    (event,) = findings(one, count=1)
    bad = event.model_copy(update={"extractor": "test\x00"})
    with pytest.raises(Unstorable):
        put(store, bad)
    put(store, event)
    put(store, receipt(one, [event]))
    assert list(store.events()) == [event]


def test_a_character_that_only_one_database_could_hold_is_refused_by_both(store: Store) -> None:
    one = article()
    (event,) = findings(one, count=1)
    bad = event.model_copy(update={"extractor": "test\x00"})
    with pytest.raises(Unstorable, match=r"U\+0000"):
        put(store, bad)
    fine = event.model_copy(update={"extractor": r"\u0000"})
    put(store, fine, receipt(one, [fine]))
    assert list(store.events()) == [fine]


# --- any order -------------------------------------------------------------------------------------------------------


def history() -> dict[str, list[Record]]:
    """What the topics hold, in their order: two articles, one changed in between, versions going up and down."""
    first, changed, second = article(1), article(1, title="Korrigiert"), article(2)
    rounds = [
        (first, "test-1", 3),
        (second, "test-1", 2),
        (changed, "test-2", 1),
        (first, "test-1", 3),
        (second, "test-2", 0),
        (changed, "test-2", 1),
    ]
    topics: dict[str, list[Record]] = {"articles": [], "events": [], "extractions": []}
    for one, version, count in rounds:
        events = findings(one, version, count)
        topics["articles"].append(one)
        topics["events"] += events
        topics["extractions"].append(receipt(one, events, version))
    return topics


def interleaved(chance: random.Random) -> Iterator[list[Change]]:
    """The history in batches, as one reader may see it: a stretch of one topic, then of another, each in its order.

    Up to twice it goes back to an earlier place of a topic and reads on from there.
    """
    read = {t: [Change(record, moment(i)) for i, record in enumerate(records)] for t, records in history().items()}
    for topic in chance.choices(list(read), k=chance.randrange(3)):
        back, until = sorted(chance.choices(range(len(read[topic])), k=2))
        read[topic][until:until] = read[topic][back:until]
    while any(read.values()):
        batch = []
        for _ in range(chance.randint(1, 2)):
            topic = chance.choice(list(read))
            length = chance.randint(1, 6)
            batch += read[topic][:length]
            del read[topic][:length]
        yield batch


TABLES = ("articles", "extractions", "events", "parties", "places", "told")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=True))
def test_any_order_of_the_topics_and_any_repetition_give_the_same_rows(
    store: Store, url: str, chance: random.Random
) -> None:
    store.prune(datetime.now(UTC) + timedelta(days=1))
    for batch in interleaved(chance):
        store.write(batch, GROUP, {})
    assert set(store.events()) == {*findings(article(1, title="Korrigiert"), "test-2", 1)}
    assert store.check() == []
    assert texts(url) == {"artikel-1": TEXT, "artikel-2": TEXT}
    contents = {table: rows(url, table) for table in TABLES}
    assert contents == FINAL.setdefault(url, contents)


FINAL: dict[str, object] = {}
"""The rows that the first order gave, by database."""


def test_both_databases_hold_the_same_rows(tmp_path: Path, postgres: PostgresServer) -> None:
    contents = []
    for url in (f"sqlite:///{tmp_path}/test.db", postgres.fresh_database()):
        store = open_store(url)
        for records in history().values():
            put(store, *records)
        contents.append(list(store.events()))
        store.close()
    assert contents[0] == contents[1]


# --- asking ----------------------------------------------------------------------------------------------------------

FILTERS = [
    EventFilter(),
    EventFilter(types=["supply", "deployment"]),
    EventFilter(statuses=["planned"]),
    EventFilter(actor="dnk"),
    EventFilter(actor="DÄNEMARK"),
    EventFilter(actor="niederlande"),
    EventFilter(actor="Nieder"),
    EventFilter(actor="UKR"),
    EventFilter(actor="%"),
    EventFilter(actor="'; DROP TABLE events; --"),
    EventFilter(supplier="NLD"),
    EventFilter(supplier="DNK"),
    EventFilter(recipient="ukr"),
    EventFilter(recipient="Ukraine", actor="Niederlande"),
    EventFilter(party="Verteidigungsministerium"),
    EventFilter(party="UKR", types=["deployment"]),
    EventFilter(country="est"),
    EventFilter(country="FRA"),
    EventFilter(since=date(2024, 3, 31), until=date(2024, 3, 31)),
    EventFilter(since=date(2024, 4, 1)),
    EventFilter(until=date(2024, 3, 18)),
    EventFilter(until=date(2024, 2, 29)),
    EventFilter(article_id="artikel-2"),
    EventFilter(article_id="artikel-2", types=["statement"], statuses=["actual"], actor="DNK"),
]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_filters_mean_the_same_to_the_database_and_to_a_record(store: Store, filters: EventFilter) -> None:
    everything = []
    for one in (
        article(1),
        article(2, published=date(2024, 3, 1)),
        article(3).model_copy(update={"published_at": None}),
    ):
        put(store, one, *findings(one), receipt(one, findings(one)))
        everything += findings(one)
    assert set(store.events(filters)) == {event for event in everything if accepts(filters, event)}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("Leopard-Panzer", ["artikel-0", "artikel-1"]),
        ("leopard* kopenhagen", ["artikel-0", "artikel-1"]),
        ("Truppen Manöver", ["artikel-1"]),
        ("Leopard Hubschrauber", []),
        ("Leo", []),
        ("'\" OR 1=1 --", []),
        ("-- ''", []),
    ],
)
def test_texts_are_searched_by_their_words(store: Store, search: str, found: list[str]) -> None:
    for one in (article(0), article(1, title="Truppen im Manöver")):
        put(store, one, *findings(one), receipt(one, findings(one)))
    assert sorted({event.article.id for event in store.events(EventFilter(search=search))}) == found


def test_an_actor_is_found_by_code_or_by_whole_words() -> None:
    danish, dutch = findings(article())[1], findings(article())[2]
    assert accepts(EventFilter(actor="DNK"), danish)
    assert not accepts(EventFilter(actor="DNK"), dutch)
    assert accepts(EventFilter(actor="niederlande"), dutch)
    assert not accepts(EventFilter(actor="Nieder"), dutch)
    # The Ukraine receives and does not act.
    assert not accepts(EventFilter(actor="UKR"), dutch)


def test_the_latest_published_come_first_and_unknown_dates_last(store: Store) -> None:
    old, new = article(1, published=date(2023, 1, 1)), article(2, published=date(2024, 1, 1))
    unknown = article(3).model_copy(update={"published_at": None})
    for one in (old, unknown, new):
        put(store, one, *findings(one), receipt(one, findings(one)))
    order = [event.article.id for event in store.events()]
    assert order == [new.id] * 3 + [old.id] * 3 + [unknown.id] * 3
    assert [event.article.id for event in store.events(EventFilter(limit=4))] == order[:4]


def test_moments_are_stored_in_utc(store: Store, url: str) -> None:
    put(store, article(published=datetime.fromisoformat("2024-03-19T00:30:00+01:00")))
    (row,) = rows(url, "articles")
    published = row.published_at if isinstance(row.published_at, datetime) else datetime.fromisoformat(row.published_at)
    assert published == datetime(2024, 3, 18, 23, 30, tzinfo=UTC)
    assert str(row.published_on) == "2024-03-18"


def test_prune_deletes_old_articles_with_all_about_them(store: Store, url: str) -> None:
    old = article(1, published=date(2023, 12, 31))
    new = article(2, published=datetime(2024, 1, 1, 12, tzinfo=UTC))
    unknown = article(3).model_copy(update={"published_at": None})
    for one in (old, new, unknown):
        put(store, one, *findings(one), receipt(one, findings(one)))
    assert store.prune(datetime(2024, 1, 1, tzinfo=UTC)).articles == 1
    assert {event.article.id for event in store.events()} == {new.id, unknown.id}
    assert store.prune(moment(1)).articles == 2
    assert all(rows(url, table) == [] for table in TABLES)


def test_check_finds_what_is_missing(store: Store) -> None:
    one = article()
    events = findings(one)
    put(store, one, *events[:2], receipt(one, events))
    assert store.check() == [f"article {one.id}: its extraction names 3 events, 2 are there"]
    put(store, events[2])
    assert store.check() == []
