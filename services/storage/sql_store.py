"""What both databases do alike: the order of steps in a write, the queries, the checks.

`SqliteStore` and `PostgresStore` add how rows get in fast and what an error means.
"""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from schemas import Article, Event, read_event
from services.storage import queries
from services.storage.batch import Finding, Sorted, sort_out
from services.storage.conversion import article_of, event_rows
from services.storage.interface import (
    Advance,
    Batch,
    Counts,
    EventFilter,
    Fenced,
    Partition,
    StorageError,
    WriteOutcome,
)
from services.storage.migrate import is_current, migrate
from services.storage.pruning import Pruning
from services.storage.rows import (
    ARTICLES,
    DEAD_LETTERS,
    EVENTS,
    EXTRACTIONS,
    OFFSETS,
    PARTIES,
    PENDING,
    PLACES,
    TOLD,
    EventRow,
    PartyRow,
    PlaceRow,
    ToldRow,
)

GRACE = timedelta(hours=1)
"""Longest time between an event's message and that of its extraction: events older than this beside a newer
extraction belong to one that has come and gone, and need not be kept for it."""


class SqlStore(Pruning):
    """A store over an SQLAlchemy engine."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    # --- what a database adds -----------------------------------------------------------------------------------

    @abstractmethod
    def _explain(self, error: BaseException) -> BaseException:
        """The error as Retryable or Unstorable with its cause in words; the error itself if it is neither."""

    @abstractmethod
    def _among(self, column: sa.ColumnElement[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
        """The condition that `column` is one of `values`, however many they are."""

    @abstractmethod
    def _insert(self, connection: sa.Connection, table: sa.TableClause, rows: Iterable[Sequence[Any]]) -> None:
        """Insert new rows, the columns in the table's order."""

    @abstractmethod
    def _upsert(
        self,
        connection: sa.Connection,
        table: sa.TableClause,
        rows: Sequence[Sequence[Any]],
        key: Sequence[str],
    ) -> None:
        """Insert rows or write them over those with the same key (some tables: by `updates.UPDATES`)."""

    @abstractmethod
    def _insert_missing(
        self, connection: sa.Connection, table: sa.TableClause, source: sa.Select[*tuple[Any, ...]]
    ) -> sa.CursorResult[Any]:
        """Insert what a query gives, except rows whose key is there."""

    @abstractmethod
    def _mentions(self, search: str) -> sa.ColumnElement[bool]:
        """The condition that the row of `articles` holds all words of a search (`EventFilter.search`)."""

    # --- writing ------------------------------------------------------------------------------------------------

    def write(self, batch: Batch, group: str, advances: Mapping[Partition, Advance]) -> WriteOutcome:
        """See `Store.write`."""
        changes = sort_out(batch)
        with self._transaction(write=True) as connection:
            self._advance(connection, group, advances)
            return self._apply(connection, changes)

    def _advance(self, connection: sa.Connection, group: str, advances: Mapping[Partition, Advance]) -> None:
        # In one order everywhere, so that two writers wait for each other instead of locking each other out.
        for partition, (expected, following) in sorted(advances.items()):
            if expected is not None and following < expected:
                raise ValueError(f"offsets only go forward: {partition} from {expected} to {following}")
            row = (group, *partition, following)
            if expected is None:
                done = self._insert_missing(connection, OFFSETS, sa.select(*[sa.literal(value) for value in row]))
            else:
                done = connection.execute(queries.move_offset(row, expected))
            if done.rowcount != 1:
                raise Fenced(f"another writer has moved the offset of {partition.topic}/{partition.number}")

    def _apply(self, connection: sa.Connection, changes: Sorted) -> WriteOutcome:
        articles = [changes.articles[article_id] for article_id in sorted(changes.articles)]
        # This also locks the articles' rows until the end: no other writer decides about them meanwhile.
        self._upsert(connection, ARTICLES, articles, ["article_id"])
        former = self._current(connection, changes.articles)
        current = self._replace_extractions(connection, changes, former)
        changed = [
            article_id for article_id in changes.extractions if current.get(article_id) != former.get(article_id)
        ]
        retired = self._retire(connection, changes, [article_id for article_id in changed if article_id in former])
        promoted = self._promoted(connection, changes, [current[a] for a in changed if a in current])
        shown, waiting = changes.split(current)
        rows = self._show(connection, promoted + shown, former)
        self._upsert(connection, PENDING, waiting, ["extraction_id", "event_id"])
        self._forget(connection, changes)
        self._withdraw(connection, changes)
        self._note_changes(connection, changes.articles)
        self._upsert(connection, DEAD_LETTERS, list(changes.letters.values()), ["dead_letter_id"])
        return WriteOutcome(
            articles=sum(row.text is not None for row in articles) + len(changes.withdrawn),
            events=len(promoted) + len(shown),
            pending=len(waiting),
            extractions=len(changes.extractions),
            dead_letters=len(changes.letters),
            rows=rows + len(articles) + len(waiting) + len(changes.extractions) + len(changes.letters),
            removed={
                "articles": len(changes.withdrawn),
                "events": retired,
                "extractions": sum(row is None for row in changes.extractions.values()),
            },
        )

    def _current(self, connection: sa.Connection, articles: Iterable[str]) -> dict[str, str]:
        wanted = self._among(EXTRACTIONS.c.article_id, articles)
        query = sa.select(EXTRACTIONS.c.article_id, EXTRACTIONS.c.extraction_id).where(wanted)
        return dict(connection.execute(query).all())

    def _replace_extractions(
        self, connection: sa.Connection, changes: Sorted, former: Mapping[str, str]
    ) -> dict[str, str]:
        """Write the batch's extractions; return the current ones of all its articles."""
        rows = [row for row in changes.extractions.values() if row]
        self._upsert(connection, EXTRACTIONS, rows, ["article_id"])
        removed = [article_id for article_id, row in changes.extractions.items() if row is None]
        if removed:
            connection.execute(sa.delete(EXTRACTIONS).where(self._among(EXTRACTIONS.c.article_id, removed)))
        current = {article_id: extraction for article_id, extraction in former.items() if article_id not in removed}
        return current | {row.article_id: row.extraction_id for row in rows}

    def _retire(self, connection: sa.Connection, changes: Sorted, replaced: Sequence[str]) -> int:
        """Take the events of replaced extractions out of sight; how many.

        They are not simply deleted: if the topics hold the extraction once more (a replay, a version rolled
        back), its events may have been read already, ahead of it. They wait, until they are too old for that.
        """
        if not replaced:
            return 0
        former = self._among(EVENTS.c.article_id, replaced)
        self._insert_missing(connection, PENDING, queries.as_pending(former, _oldest_to_keep(changes)))
        return connection.execute(sa.delete(EVENTS).where(former)).rowcount

    def _forget(self, connection: sa.Connection, changes: Sorted) -> None:
        """Delete what waits, beside the batch's extractions, for others that have come and gone."""
        oldest = _oldest_to_keep(changes)
        if oldest:
            touched = self._among(PENDING.c.article_id, changes.extractions)
            connection.execute(sa.delete(PENDING).where(touched, PENDING.c.seen_at < oldest))

    def _promoted(self, connection: sa.Connection, changes: Sorted, extractions: Sequence[str]) -> list[Finding]:
        """Take the events that waited for these extractions, except those that the batch holds itself."""
        if not extractions:
            return []
        wanted = self._among(PENDING.c.extraction_id, extractions)
        columns = PENDING.c.record, PENDING.c.event_id, PENDING.c.extraction_id, PENDING.c.seen_at
        waiting = connection.execute(sa.select(*columns).where(wanted)).all()
        if waiting:
            connection.execute(sa.delete(PENDING).where(wanted))
        return [
            Finding(read_event(record.encode()), event_id, extraction_id, seen_at)
            for record, event_id, extraction_id, seen_at in waiting
            if (extraction_id, event_id) not in changes.events
        ]

    def _show(self, connection: sa.Connection, found: Sequence[Finding], former: Mapping[str, str]) -> int:
        """Write events with all their rows, in place of earlier ones of the same id; return the number of rows.

        Args:
            former: articles whose extraction was known before: only of those can events be there already.
        """
        if not found:
            return 0
        known = [one.event_id for one in found if one.event.article.id in former]
        if known:
            connection.execute(sa.delete(EVENTS).where(self._among(EVENTS.c.event_id, known)))
        parties: list[PartyRow] = []
        places: list[PlaceRow] = []
        told: list[ToldRow] = []

        def events() -> Iterator[EventRow]:
            # One by one, as the database takes them: PostgreSQL works on some while the next are made.
            for one in found:
                rows = event_rows(*one)
                parties.extend(rows.parties)
                places.extend(rows.places)
                told.extend(rows.told)
                yield rows.event

        self._insert(connection, EVENTS, events())
        self._insert(connection, PARTIES, parties)
        self._insert(connection, PLACES, places)
        self._insert(connection, TOLD, told)
        return len(found) + len(parties) + len(places) + len(told)

    def _withdraw(self, connection: sa.Connection, changes: Sorted) -> None:
        if changes.withdrawn:
            articles = self._among(ARTICLES.c.article_id, changes.withdrawn)
            connection.execute(sa.update(ARTICLES).where(articles).values(text=None))
        gone = changes.withdrawn | {article_id for article_id, row in changes.extractions.items() if row is None}
        if gone:
            connection.execute(queries.delete_uncited(self._among(ARTICLES.c.article_id, gone)))

    # --- offsets ------------------------------------------------------------------------------------------------

    def offsets(self, group: str) -> dict[Partition, int]:
        """See `Store.offsets`."""
        with self._transaction() as connection:
            return {Partition(topic, number): n for topic, number, n in connection.execute(queries.offsets_of(group))}

    def forget_offsets(self, group: str) -> None:
        """See `Store.forget_offsets`."""
        with self._transaction(write=True) as connection:
            connection.execute(sa.delete(OFFSETS).where(OFFSETS.c.consumer_group == group))

    # --- reading ------------------------------------------------------------------------------------------------

    def events(self, filters: EventFilter | None = None) -> Iterator[Event]:
        """See `Store.events`."""
        filters = filters or EventFilter()
        query = queries.records(filters, *([self._mentions(filters.search)] if filters.search else []))
        with self._transaction() as connection:
            rows = connection.execution_options(yield_per=500).execute(query)
            for record in rows.scalars():
                yield read_event(record.encode())

    def articles(self, article_ids: Collection[str]) -> Iterator[Article]:
        """See `Store.articles`."""
        query = queries.texts(self._among(ARTICLES.c.article_id, article_ids))
        with self._transaction() as connection:
            for row in connection.execution_options(yield_per=100).execute(query):
                yield article_of(row)

    def counts(self) -> Counts:
        """See `Store.counts`."""
        with self._transaction() as connection:
            articles, extractions, pending = (
                connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in (ARTICLES, EXTRACTIONS, PENDING)
            )
            by_type: dict[str, int] = dict(connection.execute(queries.COUNT_BY_TYPE).all())
            letters = connection.execute(queries.LETTERS_WAITING).scalar_one()
        return Counts(articles, sum(by_type.values()), extractions, pending, by_type, letters)

    def check(self) -> list[str]:
        """See `Store.check`."""
        with self._transaction() as connection:
            faults = self._integrity(connection)
            faults += [
                f"article {article_id}: its extraction names {named} events, {found} are there"
                for article_id, named, found in connection.execute(queries.INCOMPLETE)
            ]
            faults += self._claim_faults(connection)
            stuck = connection.execute(queries.STUCK).scalar_one()
        return faults + ([f"{stuck} events wait though their extraction is there"] if stuck else [])

    def _integrity(self, connection: sa.Connection) -> list[str]:
        """Faults that the database itself finds in its files."""
        del connection
        return []

    # --- the connection -----------------------------------------------------------------------------------------

    def prepare(self, *, create: bool) -> bool:
        """Bring the schema up to date if `create`; return whether it is now."""
        with self._transaction() as connection:
            if is_current(connection) or not create:
                return is_current(connection)
        self._migrate()
        return True

    def _migrate(self) -> None:
        with self._transaction(write=True) as connection:
            migrate(connection)

    def close(self) -> None:
        """See `Store.close`."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, write: bool = False) -> Iterator[sa.Connection]:
        """A connection with a transaction, its errors sorted into the store's own."""
        try:
            with self._engine.connect() as connection, connection.execution_options(writes=write).begin():
                yield connection
        except (StorageError, GeneratorExit):
            raise
        except Exception as error:
            explained = self._explain(error)
            if explained is error:
                raise
            raise explained from error


def _oldest_to_keep(changes: Sorted) -> datetime | None:
    """Events seen before this moment wait for no extraction of the batch's articles; None where nothing is known."""
    seen = [row.seen_at for row in changes.extractions.values() if row]
    return datetime.fromisoformat(min(seen)) - GRACE if seen else None
