"""The database as such: its tables and views, its migrations, and what is said when it cannot be used."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import get_type_hints

import pytest
import sqlalchemy as sa

from services.common.errors import UserError
from services.storage import Change, Retryable, Store, open_store, rows
from tests.findings import TEXT, article, findings, moment, receipt
from tests.postgres import PostgresServer


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """A plain engine on it, to look in from outside."""
    drivername = "postgresql+psycopg" if url.startswith("postgres") else "sqlite"
    engine = sa.create_engine(sa.make_url(url).set(drivername=drivername), poolclass=sa.NullPool)
    yield engine
    engine.dispose()


def fill(store: Store, number: int = 0) -> None:
    one = article(number)
    events = findings(one)
    store.write([Change(record, moment(0)) for record in (one, *events, receipt(one, events))], "test", {})


def fill_many(store: Store, count: int) -> None:
    for number in range(1, count):
        fill(store, number)


def test_the_rows_have_the_columns_of_the_tables(url: str, engine: sa.Engine) -> None:
    open_store(url).close()
    found = sa.inspect(engine)
    for name in (
        "ARTICLES",
        "EXTRACTIONS",
        "EVENTS",
        "PARTIES",
        "PLACES",
        "TOLD",
        "PENDING",
        "OFFSETS",
        "DEAD_LETTERS",
    ):
        table: sa.TableClause = getattr(rows, name)
        columns = {column["name"] for column in found.get_columns(table.name)} - {"number", "search"}
        assert columns == {column.name for column in table.c}, table.name


def test_every_table_of_sqlite_is_strict(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/test.db").close()
    with closing(sqlite3.connect(tmp_path / "test.db")) as connection:
        kinds = dict(connection.execute("SELECT name, strict FROM pragma_table_list WHERE type = 'table'").fetchall())
    ours = {getattr(rows, name).name for name in ("ARTICLES", "EXTRACTIONS", "EVENTS", "PARTIES", "PLACES", "TOLD")}
    assert {name for name in ours if not kinds[name]} == set()


def test_views_answer_who_sent_what_where_and_who_said_what(url: str, engine: sa.Engine) -> None:
    with closing(open_store(url)) as store:
        fill(store)
    with engine.connect() as connection:
        sent = connection.execute(sa.text("SELECT * FROM deployments")).one()
        supplied = connection.execute(sa.text("SELECT * FROM supplies")).one()
        said = connection.execute(sa.text("SELECT * FROM statements")).one()
        told = connection.execute(sa.text("SELECT * FROM told_events")).one()
        speaker = connection.execute(sa.text("SELECT * FROM speakers")).one()
    assert (sent.actor, sent.actor_codes, sent.quantity_min, sent.origin, sent.destination_country, sent.said_by) == (
        ("Dänemark", "DNK", 120, "Aalborg", "EST", "Verteidigungsministerium")
    )
    assert (supplied.supplier, supplied.goods, supplied.recipient_codes, supplied.status) == (
        ("Niederlande", "Leopard-Panzer", "UKR", "planned")
    )
    assert (said.speaker, said.kind, said.events_told) == ("Verteidigungsministerium", "say", 1)
    assert (told.type, told.quantity_min) == ("deployment", 120)
    assert (speaker.speaker, speaker.code, speaker.statements) == ("Verteidigungsministerium", "DNK", 1)


@pytest.mark.parametrize(("words", "found"), [("Panzer", 1), ("Soldat", 1), ("Hubschrauber", 0)])
def test_texts_are_searched(url: str, engine: sa.Engine, words: str, found: int) -> None:
    with closing(open_store(url)) as store:
        fill(store)
    sqlite = sa.text("SELECT count(*) FROM articles_fts WHERE articles_fts MATCH :words || '*'")
    postgresql = sa.text("SELECT count(*) FROM articles WHERE search @@ to_tsquery('german', :words || ':*')")
    with engine.connect() as connection:
        query = sqlite if engine.dialect.name == "sqlite" else postgresql
        assert connection.execute(query, {"words": words}).scalar_one() == found


def test_the_search_follows_a_changed_text(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/test.db")) as store:
        fill(store)
        changed = article().model_copy(update={"text": "Ein Hubschrauber startete."})
        store.write([Change(changed, moment(1))], "test", {})
    with closing(sqlite3.connect(tmp_path / "test.db")) as connection:
        query = "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH ?"
        assert connection.execute(query, ["hubschrauber"]).fetchone() == (1,)
        assert connection.execute(query, ["soldaten"]).fetchone() == (0,)
        connection.execute("INSERT INTO articles_fts(articles_fts, rank) VALUES ('integrity-check', 1)")


def test_a_database_of_a_newer_version_is_refused(url: str, engine: sa.Engine) -> None:
    open_store(url).close()
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for create in (True, False):
        with pytest.raises(UserError, match=r"9999.*install a newer Lagebild"):
            open_store(url, create=create)


def test_reading_makes_no_database(url: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no records.*lagebild sink"):
        open_store(url, create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://localhost/x", "'mysql' are not supported"),
        ("lagebild.db", "cannot be read.*sqlite:///FILE"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_urls_that_name_no_database_are_explained(url: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_store(url)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(TEXT * 50)
    with pytest.raises(UserError, match=r"notes\.txt is no usable SQLite database"):
        open_store(f"sqlite:///{path}")
    assert path.read_text() == TEXT * 50


def test_a_folder_that_cannot_be_opened_may_be_mended_while_one_waits(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path}")


def test_a_full_disk_is_waited_for(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/test.db")) as store:
        fill(store)
        engine = store._engine  # type: ignore[attr-defined]  # no public door leads to a page limit
        # SQLite's own limit gives the same error as a full disk: SQLITE_FULL.
        sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1"), insert=True)
        with pytest.raises(Retryable, match="disk is full"):
            fill_many(store, 200)
        assert store.check() == []


def test_a_server_out_of_reach_is_waited_for_and_its_password_not_told() -> None:
    with pytest.raises(Retryable) as caught:
        open_store("postgresql://leser:geheim@127.0.0.1:1/lagebild")
    assert "127.0.0.1" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_server_that_goes_away_is_found_again(postgres: PostgresServer) -> None:
    with closing(open_store(postgres.fresh_database())) as store:
        fill(store)
        postgres.stop("immediate")
        with pytest.raises(Retryable):
            fill(store, 1)
        postgres.start()
        fill(store, 1)
        assert store.counts().articles == 2


def test_a_database_that_is_not_there_yet_is_named(postgres: PostgresServer) -> None:
    with pytest.raises(Retryable, match='database "nirgends" does not exist'):
        open_store(postgres.url("nirgends"))


def test_every_field_of_a_row_has_a_column_type() -> None:
    for row in (rows.ArticleRow, rows.EventRow, rows.PartyRow, rows.PlaceRow, rows.PendingRow):
        assert list(get_type_hints(row)) == list(row._fields)
