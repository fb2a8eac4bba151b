"""The first tables: articles, their current extraction and its events, what waits, and the consumers' offsets.

Revision: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from services.storage.columns import (
    DAY,
    DOCUMENT,
    FLAG,
    IDENTIFIER,
    INTEGER,
    LARGE_INTEGER,
    MOMENT,
    NUMBER,
    TEXT,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make tables, indexes and full-text search."""
    _articles()
    _events()
    _slots()
    _bookkeeping()
    if op.get_bind().dialect.name == "sqlite":
        _full_text_sqlite()
    else:
        _full_text_postgresql()


def _table(name: str, *columns: SchemaItem) -> None:
    op.create_table(name, *columns, sqlite_strict=True)


def _needed(name: str, kind: sa.types.TypeEngine[Any], *more: SchemaItem) -> sa.Column[Any]:
    return sa.Column(name, kind, *more, nullable=False)


def _optional(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _articles() -> None:
    _table(
        "articles",
        # SQLite's full-text index names rows by this number; a rowid that is no column may change in a VACUUM.
        sa.Column("number", sa.Integer(), sa.Identity(), primary_key=True),
        _needed("article_id", TEXT),
        _optional("title", TEXT),
        _optional("url", TEXT),
        _optional("source", TEXT),
        _optional("language", TEXT),
        _optional("published_on", DAY),
        _optional("published_at", MOMENT),
        _optional("text", TEXT),
        _needed("first_seen_at", MOMENT),
        sa.UniqueConstraint("article_id", name="articles_article_id"),
    )
    op.create_index("articles_published_on", "articles", ["published_on"])
    _table(
        "extractions",
        sa.Column("article_id", TEXT, _article_key("extractions"), primary_key=True),
        _needed("extraction_id", IDENTIFIER),
        _needed("extractor", TEXT),
        _needed("outcome", TEXT),
        _needed("event_count", INTEGER),
        _needed("seen_at", MOMENT),
    )


def _article_key(table: str) -> sa.ForeignKey:
    return sa.ForeignKey("articles.article_id", ondelete="CASCADE", name=f"{table}_article")


def _events() -> None:
    _table(
        "events",
        sa.Column("event_id", IDENTIFIER, primary_key=True),
        _needed("article_id", TEXT, _article_key("events")),
        _needed("extraction_id", IDENTIFIER),
        _needed("extractor", TEXT),
        _needed("type", TEXT),
        _needed("status", TEXT),
        _needed("reported", FLAG),
        _needed("anchor", TEXT),
        _needed("anchor_start", INTEGER),
        _needed("anchor_end", INTEGER),
        _needed("evidence", TEXT),
        _needed("evidence_start", INTEGER),
        _needed("evidence_end", INTEGER),
        _optional("time", TEXT),
        _optional("time_earliest", DAY),
        _optional("time_latest", DAY),
        *(_optional(name, TEXT) for name in ("movement", "category", "kind")),
        _optional("quoted", FLAG),
        *(_optional(name, TEXT) for name in ("force", "goods", "content", "quantity")),
        _optional("quantity_min", NUMBER),
        _optional("quantity_max", NUMBER),
        _optional("quantity_approximate", FLAG),
        _optional("quantity_unit", TEXT),
        _optional("plover_code", TEXT),
        _optional("confidence", NUMBER),
        _needed("record", DOCUMENT),
        _needed("seen_at", MOMENT),
        sa.CheckConstraint("type in ('deployment', 'supply', 'statement')", name="events_type"),
        sa.CheckConstraint("status in ('actual', 'planned', 'possible', 'denied')", name="events_status"),
        sa.CheckConstraint("anchor_start < anchor_end", name="events_anchor"),
    )
    op.create_index("events_article", "events", ["article_id", "evidence_start"])
    op.create_index("events_type_status", "events", ["type", "status"])


def _slots() -> None:
    _table(
        "parties",
        sa.Column("event_id", IDENTIFIER, _event_key("parties"), primary_key=True),
        sa.Column("role", TEXT, primary_key=True),
        sa.Column("position", INTEGER, primary_key=True),
        _needed("name", TEXT),
        _needed("name_words", TEXT),
        _optional("code", TEXT),
        _needed("kind", TEXT),
        _needed("text", TEXT),
        _needed("text_start", INTEGER),
        _needed("text_end", INTEGER),
    )
    op.create_index("parties_code", "parties", ["code", "role"])
    _table(
        "places",
        sa.Column("event_id", IDENTIFIER, _event_key("places"), primary_key=True),
        sa.Column("role", TEXT, primary_key=True),
        _needed("name", TEXT),
        _optional("country", TEXT),
        _optional("latitude", NUMBER),
        _optional("longitude", NUMBER),
        _optional("geonames_id", LARGE_INTEGER),
        _needed("text", TEXT),
        _needed("text_start", INTEGER),
        _needed("text_end", INTEGER),
    )
    op.create_index("places_country", "places", ["country", "role"])
    _table(
        "told",
        sa.Column("statement_id", IDENTIFIER, _event_key("told"), primary_key=True),
        sa.Column("position", INTEGER, primary_key=True),
        # No foreign key: the event told may come in a later batch than the statement.
        _needed("event_id", IDENTIFIER),
    )
    op.create_index("told_event", "told", ["event_id"])


def _event_key(table: str) -> sa.ForeignKey:
    return sa.ForeignKey("events.event_id", ondelete="CASCADE", name=f"{table}_event")


def _bookkeeping() -> None:
    _table(
        "pending_events",
        sa.Column("extraction_id", IDENTIFIER, primary_key=True),
        sa.Column("event_id", IDENTIFIER, primary_key=True),
        _needed("article_id", TEXT),
        _needed("record", TEXT),
        _needed("seen_at", MOMENT),
    )
    op.create_index("pending_events_article", "pending_events", ["article_id"])
    _table(
        "consumer_offsets",
        sa.Column("consumer_group", TEXT, primary_key=True),
        sa.Column("topic", TEXT, primary_key=True),
        sa.Column("partition_number", INTEGER, primary_key=True, autoincrement=False),
        _needed("next_offset", LARGE_INTEGER),
    )


def _full_text_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE articles_fts USING fts5(title, text, content='articles', content_rowid='number', "
        "tokenize='unicode61 remove_diacritics 2')"
    )
    insert = "INSERT INTO articles_fts(rowid, title, text) VALUES (new.number, new.title, new.text);"
    delete = (
        "INSERT INTO articles_fts(articles_fts, rowid, title, text) VALUES ('delete', old.number, old.title, old.text);"
    )
    changed = "old.title IS NOT new.title OR old.text IS NOT new.text"
    op.execute(f"CREATE TRIGGER articles_fts_insert AFTER INSERT ON articles BEGIN {insert} END")
    op.execute(f"CREATE TRIGGER articles_fts_delete AFTER DELETE ON articles BEGIN {delete} END")
    op.execute(
        f"CREATE TRIGGER articles_fts_update AFTER UPDATE OF title, text ON articles WHEN {changed} "
        f"BEGIN {delete} {insert} END"
    )


def _full_text_postgresql() -> None:
    # A tsvector holds at most 1 MiB: of a text that long the first 300,000 characters are searched.
    op.execute(
        "ALTER TABLE articles ADD COLUMN search tsvector GENERATED ALWAYS AS ("
        "setweight(to_tsvector('german', coalesce(title, '')), 'A') || "
        "to_tsvector('german', left(coalesce(text, ''), 300000))) STORED"
    )
    op.create_index("articles_search", "articles", ["search"], postgresql_using="gin")
