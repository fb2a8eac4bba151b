"""The first tables: articles, their current extraction and its events, what waits, and the consumers' offsets.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

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
from services.storage.migrations.tables import needed, optional, table

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


def _articles() -> None:
    table(
        "articles",
        # SQLite's full-text index names rows by this number; a rowid that is no column may change in a VACUUM.
        sa.Column("number", sa.Integer(), sa.Identity(), primary_key=True),
        needed("article_id", TEXT),
        optional("title", TEXT),
        optional("url", TEXT),
        optional("source", TEXT),
        optional("language", TEXT),
        optional("published_on", DAY),
        optional("published_at", MOMENT),
        optional("text", TEXT),
        needed("first_seen_at", MOMENT),
        sa.UniqueConstraint("article_id", name="articles_article_id"),
    )
    op.create_index("articles_published_on", "articles", ["published_on"])
    table(
        "extractions",
        sa.Column("article_id", TEXT, _article_key("extractions"), primary_key=True),
        needed("extraction_id", IDENTIFIER),
        needed("extractor", TEXT),
        needed("outcome", TEXT),
        needed("event_count", INTEGER),
        needed("seen_at", MOMENT),
    )


def _article_key(table: str) -> sa.ForeignKey:
    return sa.ForeignKey("articles.article_id", ondelete="CASCADE", name=f"{table}_article")


def _events() -> None:
    table(
        "events",
        sa.Column("event_id", IDENTIFIER, primary_key=True),
        needed("article_id", TEXT, _article_key("events")),
        needed("extraction_id", IDENTIFIER),
        needed("extractor", TEXT),
        needed("type", TEXT),
        needed("status", TEXT),
        needed("reported", FLAG),
        needed("anchor", TEXT),
        needed("anchor_start", INTEGER),
        needed("anchor_end", INTEGER),
        needed("evidence", TEXT),
        needed("evidence_start", INTEGER),
        needed("evidence_end", INTEGER),
        optional("time", TEXT),
        optional("time_earliest", DAY),
        optional("time_latest", DAY),
        *(optional(name, TEXT) for name in ("movement", "category", "kind")),
        optional("quoted", FLAG),
        *(optional(name, TEXT) for name in ("force", "goods", "content", "quantity")),
        optional("quantity_min", NUMBER),
        optional("quantity_max", NUMBER),
        optional("quantity_approximate", FLAG),
        optional("quantity_unit", TEXT),
        optional("plover_code", TEXT),
        optional("confidence", NUMBER),
        needed("record", DOCUMENT),
        needed("seen_at", MOMENT),
        sa.CheckConstraint("type in ('deployment', 'supply', 'statement')", name="events_type"),
        sa.CheckConstraint("status in ('actual', 'planned', 'possible', 'denied')", name="events_status"),
        sa.CheckConstraint("anchor_start < anchor_end", name="events_anchor"),
    )
    op.create_index("events_article", "events", ["article_id", "evidence_start"])
    op.create_index("events_type_status", "events", ["type", "status"])


def _slots() -> None:
    table(
        "parties",
        sa.Column("event_id", IDENTIFIER, _event_key("parties"), primary_key=True),
        sa.Column("role", TEXT, primary_key=True),
        sa.Column("position", INTEGER, primary_key=True),
        needed("name", TEXT),
        needed("name_words", TEXT),
        optional("code", TEXT),
        needed("kind", TEXT),
        needed("text", TEXT),
        needed("text_start", INTEGER),
        needed("text_end", INTEGER),
    )
    op.create_index("parties_code", "parties", ["code", "role"])
    table(
        "places",
        sa.Column("event_id", IDENTIFIER, _event_key("places"), primary_key=True),
        sa.Column("role", TEXT, primary_key=True),
        needed("name", TEXT),
        optional("country", TEXT),
        optional("latitude", NUMBER),
        optional("longitude", NUMBER),
        optional("geonames_id", LARGE_INTEGER),
        needed("text", TEXT),
        needed("text_start", INTEGER),
        needed("text_end", INTEGER),
    )
    op.create_index("places_country", "places", ["country", "role"])
    table(
        "told",
        sa.Column("statement_id", IDENTIFIER, _event_key("told"), primary_key=True),
        sa.Column("position", INTEGER, primary_key=True),
        # No foreign key: the event told may come in a later batch than the statement.
        needed("event_id", IDENTIFIER),
    )
    op.create_index("told_event", "told", ["event_id"])


def _event_key(table: str) -> sa.ForeignKey:
    return sa.ForeignKey("events.event_id", ondelete="CASCADE", name=f"{table}_event")


def _bookkeeping() -> None:
    table(
        "pending_events",
        sa.Column("extraction_id", IDENTIFIER, primary_key=True),
        sa.Column("event_id", IDENTIFIER, primary_key=True),
        needed("article_id", TEXT),
        needed("record", TEXT),
        needed("seen_at", MOMENT),
    )
    op.create_index("pending_events_article", "pending_events", ["article_id"])
    table(
        "consumer_offsets",
        sa.Column("consumer_group", TEXT, primary_key=True),
        sa.Column("topic", TEXT, primary_key=True),
        sa.Column("partition_number", INTEGER, primary_key=True, autoincrement=False),
        needed("next_offset", LARGE_INTEGER),
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
