"""The claims in the database: kept up to date from what has changed, and handed out to be sent.

Every write notes the articles it touches in `claim_changes`, in its own transaction. `refresh_claims` takes notes off
that queue, makes the mentions of their articles anew, and groups again what these can have changed: segments within
`REACH` of their days in their blocks, nothing else. All of it is one transaction, so that a crash loses no note.
"""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date
from typing import Any

import sqlalchemy as sa

from schemas import Claim, Event, read_claim, read_event
from services.claims import Mention, Signature, mentions_of, signature_of, summarise
from services.claims.copies import digest_of
from services.storage import claim_queries
from services.storage.claim_groups import Regrouping, Touched, regroup
from services.storage.claim_rows import (
    CLAIM_CHANGES,
    CLAIM_PARTIES,
    CLAIM_RECORDS,
    CLAIMS,
    NUMBERED_CHANGES,
    NUMBERED_OUTBOX,
    OUTBOX,
    SIGNATURES,
    ClaimChangeRow,
    ClaimRecordRow,
    OutboxRow,
    SignatureRow,
    claim_row,
    party_rows,
    record_row,
)
from services.storage.columns import day_text
from services.storage.interface import ClaimFilter, ClaimMessage, ClaimProgress, Store
from services.storage.rows import ARTICLES, EVENTS


class ClaimTables(Store):
    """The part of a store over SQLAlchemy that is about claims."""

    @abstractmethod
    def _transaction(self, *, write: bool = False) -> AbstractContextManager[sa.Connection]:
        """A connection with a transaction."""

    @abstractmethod
    def _among(self, column: sa.ColumnElement[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
        """The condition that `column` is one of `values`."""

    @abstractmethod
    def _insert(self, connection: sa.Connection, table: sa.TableClause, rows: Iterable[Sequence[Any]]) -> None:
        """Insert new rows."""

    @abstractmethod
    def _upsert(
        self, connection: sa.Connection, table: sa.TableClause, rows: Sequence[Sequence[Any]], key: Sequence[str]
    ) -> None:
        """Insert rows or write them over those with the same key."""

    def _alone(self, connection: sa.Connection) -> None:
        """Wait until no other process brings the claims up to date, and keep others out until the transaction ends."""
        del connection  # SQLite has one writer at a time anyway

    @contextmanager
    def claims_turn(self) -> Iterator[bool]:
        """See `Store.claims_turn`."""
        yield True  # SQLite takes one sink

    # --- reading ------------------------------------------------------------------------------------------------

    def claims(self, filters: ClaimFilter | None = None) -> Iterator[Claim]:
        """See `Store.claims`."""
        filters = filters or ClaimFilter()
        held = [] if filters.events is None else [self._holding(filters.events)]
        query = claim_queries.claims(filters, *held)
        with self._transaction() as connection:
            for record in connection.execution_options(yield_per=200).execute(query).scalars():
                yield read_claim(record.encode())

    def _holding(self, events: Collection[str]) -> sa.ColumnElement[bool]:
        found = sa.select(CLAIM_RECORDS.c.claim_id).where(self._among(CLAIM_RECORDS.c.event_id, events))
        return CLAIMS.c.claim_id.in_(found)

    def claim_changes_waiting(self) -> int:
        """See `Store.claim_changes_waiting`."""
        with self._transaction() as connection:
            return int(connection.execute(claim_queries.WAITING).scalar_one())

    def _claim_faults(self, connection: sa.Connection) -> list[str]:
        """Faults of the claims, for `Store.check`; while changes wait there is nothing to hold them against."""
        if connection.execute(claim_queries.WAITING).scalar_one():
            return []
        orphans = connection.execute(claim_queries.ORPHANS).scalar_one()
        faults = [f"{orphans} records of claims have no event"] if orphans else []
        wrong = connection.execute(claim_queries.MISCOUNTED).scalars()
        return faults + [f"claim {claim_id}: the number of its records is wrong" for claim_id in wrong]

    # --- bringing up to date --------------------------------------------------------------------------------------

    def _note_changes(self, connection: sa.Connection, articles: Iterable[str]) -> None:
        """Note that the claims must look at these articles again."""
        self._insert(connection, CLAIM_CHANGES, [ClaimChangeRow(article_id) for article_id in articles])

    def refresh_claims(self, limit: int = 1000) -> ClaimProgress:
        """See `Store.refresh_claims`."""
        if not self.claim_changes_waiting():
            return ClaimProgress()
        with self._transaction(write=True) as connection:
            self._alone(connection)
            query = sa.select(*NUMBERED_CHANGES.c).order_by(NUMBERED_CHANGES.c.number).limit(limit)
            notes = connection.execute(query).all()
            # The notes go first: what another writer changes from here on comes with a note of its own.
            self._delete_numbers(connection, NUMBERED_CHANGES, [number for number, _ in notes])
            touched = self._renew_mentions(connection, sorted({article_id for _, article_id in notes}))
            found = self._regroup(connection, touched)
            changed = self._write_claims(connection, found)
            waiting = connection.execute(claim_queries.WAITING).scalar_one()
        return ClaimProgress(len(notes), changed, len(found.gone), waiting)

    def _delete_numbers(self, connection: sa.Connection, table: sa.TableClause, numbers: Sequence[int]) -> None:
        if numbers:
            # Other transactions may have added lower numbers meanwhile, so no range is deleted.
            number = sa.cast(table.c.number, sa.Text)
            bounds = table.c.number.between(min(numbers), max(numbers))
            connection.execute(sa.delete(table).where(bounds, self._among(number, map(str, numbers))))

    def _renew_mentions(self, connection: sa.Connection, articles: Sequence[str]) -> Touched:
        """Make the mentions of these articles anew; what that has touched."""
        wanted = self._among(CLAIM_RECORDS.c.article_id, articles)
        known = [ClaimRecordRow(*row) for row in connection.execute(sa.select(*CLAIM_RECORDS.c).where(wanted))]
        former = {row.event_id: row for row in known}
        current = {mention.event_id: record_row(mention) for mention in self._mentions_of(connection, articles)}
        same = {one for one, row in current.items() if one in former and former[one].detail == row.detail}
        outdated = [row for one, row in former.items() if one not in same]
        fresh = [row for one, row in current.items() if one not in same]
        if outdated:
            ids = [row.event_id for row in outdated]
            connection.execute(sa.delete(CLAIM_RECORDS).where(self._among(CLAIM_RECORDS.c.event_id, ids)))
        self._insert(connection, CLAIM_RECORDS, fresh)
        return Touched.by(outdated, fresh)

    def _mentions_of(self, connection: sa.Connection, articles: Sequence[str]) -> Iterator[Mention]:
        wanted = self._among(EVENTS.c.article_id, articles)
        query = sa.select(EVENTS.c.article_id, sa.cast(EVENTS.c.record, sa.Text)).where(wanted)
        events: dict[str, list[Event]] = {}
        for article_id, record in connection.execute(query):
            events.setdefault(article_id, []).append(read_event(record.encode()))
        telling = [article for article, found in events.items() if any(event.type != "statement" for event in found)]
        texts = self._texts(connection, telling)
        digests = self._sign(connection, {article: text for article, (_, text) in texts.items() if text is not None})
        for article in telling:
            yield from mentions_of(events[article], texts[article][0], digests.get(article))

    def _texts(self, connection: sa.Connection, articles: Sequence[str]) -> dict[str, tuple[date, str | None]]:
        """The day each article was first seen, and its text."""
        query = sa.select(ARTICLES.c.article_id, ARTICLES.c.first_seen_at, ARTICLES.c.text)
        rows = connection.execute(query.where(self._among(ARTICLES.c.article_id, articles)))
        return {article_id: (seen.astimezone(UTC).date(), text) for article_id, seen, text in rows}

    def _sign(self, connection: sa.Connection, texts: Mapping[str, str]) -> dict[str, str]:
        """See that the signatures of these texts are there; their digests."""
        wanted = self._among(SIGNATURES.c.article_id, texts)
        query = sa.select(SIGNATURES.c.article_id, SIGNATURES.c.digest).where(wanted)
        known: dict[str, str] = dict(connection.execute(query).all())
        digests = {article: digest_of(text) for article, text in texts.items()}
        new: list[tuple[str, Signature]] = [
            (article, signature_of(text)) for article, text in texts.items() if known.get(article) != digests[article]
        ]
        rows = [SignatureRow(article, *signature) for article, signature in new]
        self._upsert(connection, SIGNATURES, rows, ["article_id"])
        return digests

    def _regroup(self, connection: sa.Connection, touched: Touched) -> Regrouping:
        if not touched.days:
            return Regrouping([], [], set())
        table = CLAIM_RECORDS
        first, last = touched.sight()
        days = sa.select(table.c.block, table.c.day, table.c.segment).distinct()
        days = days.where(
            self._among(table.c.block, touched.days), table.c.day >= _day(first), table.c.day <= _day(last)
        )
        cells = touched.cells_to_group(connection.execute(days))
        members = sa.select(*table.c).where(self._among(table.c.cell, cells))
        found = regroup((ClaimRecordRow(*row) for row in connection.execute(members)), cells, touched)
        self._upsert(connection, table, found.moved, ["event_id"])
        return found

    # --- writing claims -------------------------------------------------------------------------------------------

    def _write_claims(self, connection: sa.Connection, found: Regrouping) -> int:
        """Write the claims of these groups, as far as they have changed, and put them into the outbox; how many."""
        signatures = self._signatures(connection, {row.article_id for group in found.groups for row in group})
        mentions = ([Mention.model_validate_json(row.detail) for row in group] for group in found.groups)
        made = [summarise(group, signatures) for group in mentions]
        rows = {str(claim.claim_id): claim_row(claim) for claim in made}
        query = sa.select(CLAIMS.c.claim_id, CLAIMS.c.digest).where(self._among(CLAIMS.c.claim_id, rows))
        known: dict[str, str] = dict(connection.execute(query).all())
        changed = [claim for claim in made if known.get(str(claim.claim_id)) != rows[str(claim.claim_id)].digest]
        ids = [str(claim.claim_id) for claim in changed]
        self._upsert(connection, CLAIMS, [rows[claim_id] for claim_id in ids], ["claim_id"])
        connection.execute(sa.delete(CLAIM_PARTIES).where(self._among(CLAIM_PARTIES.c.claim_id, ids)))
        self._insert(connection, CLAIM_PARTIES, [row for claim in changed for row in party_rows(claim)])
        connection.execute(sa.delete(CLAIMS).where(self._among(CLAIMS.c.claim_id, found.gone)))
        self._insert(connection, OUTBOX, [OutboxRow(claim_id) for claim_id in [*ids, *sorted(found.gone)]])
        return len(changed)

    def _signatures(self, connection: sa.Connection, articles: Collection[str]) -> dict[str, str]:
        wanted = self._among(SIGNATURES.c.article_id, articles)
        return dict(connection.execute(sa.select(SIGNATURES.c.article_id, SIGNATURES.c.hashes).where(wanted)).all())

    # --- sending --------------------------------------------------------------------------------------------------

    def unsent_claims(self, limit: int = 500) -> list[ClaimMessage]:
        """See `Store.unsent_claims`."""
        with self._transaction() as connection:
            query = sa.select(*NUMBERED_OUTBOX.c).order_by(NUMBERED_OUTBOX.c.number).limit(limit)
            numbers: dict[str, list[int]] = {}
            for number, claim_id in connection.execute(query):
                numbers.setdefault(claim_id, []).append(number)
            wanted = self._among(CLAIMS.c.claim_id, numbers)
            rows = connection.execute(sa.select(CLAIMS.c.claim_id, sa.cast(CLAIMS.c.record, sa.Text)).where(wanted))
            records: dict[str, str] = dict(rows.all())
        claims = {claim_id: read_claim(record.encode()) for claim_id, record in records.items()}
        return [ClaimMessage(one, claims.get(one), tuple(found)) for one, found in numbers.items()]

    def claims_sent(self, messages: Sequence[ClaimMessage]) -> None:
        """See `Store.claims_sent`."""
        with self._transaction(write=True) as connection:
            self._delete_numbers(connection, NUMBERED_OUTBOX, [n for message in messages for n in message.numbers])


def _day(day: date) -> sa.ColumnElement[Any]:
    return sa.literal(day_text(day), CLAIM_RECORDS.c.day.type)
