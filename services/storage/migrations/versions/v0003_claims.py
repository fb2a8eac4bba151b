"""Claims: what several articles tell of one happening, and what is kept to bring them up to date.

Revision: 0003
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from services.storage.columns import DAY, DOCUMENT, FLAG, IDENTIFIER, INTEGER, TEXT

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; every article that is there is to be looked at."""
    _claims()
    _records()
    _queues()
    op.execute("INSERT INTO claim_changes (article_id) SELECT article_id FROM extractions")


def _table(name: str, *columns: SchemaItem) -> None:
    op.create_table(name, *columns, sqlite_strict=True)


def _needed(name: str, kind: sa.types.TypeEngine[Any], *more: SchemaItem) -> sa.Column[Any]:
    return sa.Column(name, kind, *more, nullable=False)


def _optional(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _claims() -> None:
    _table(
        "claims",
        sa.Column("claim_id", IDENTIFIER, primary_key=True),
        _needed("type", TEXT),
        _optional("movement", TEXT),
        _needed("first_day", DAY),
        _needed("last_day", DAY),
        _needed("first_seen", DAY),
        _needed("last_seen", DAY),
        *(_needed(name, INTEGER) for name in ("records", "articles", "sources")),
        _needed("statuses_disagree", FLAG),
        _needed("quantities_disagree", FLAG),
        _needed("digest", TEXT),
        _needed("record", DOCUMENT),
    )
    op.create_index("claims_last_seen", "claims", ["last_seen"])
    _table(
        "claim_parties",
        sa.Column(
            "claim_id",
            IDENTIFIER,
            sa.ForeignKey("claims.claim_id", ondelete="CASCADE", name="claim_parties_claim"),
            primary_key=True,
        ),
        sa.Column("role", TEXT, primary_key=True),
        sa.Column("position", INTEGER, primary_key=True),
        _needed("name", TEXT),
        _needed("name_words", TEXT),
        _optional("code", TEXT),
        _optional("status", TEXT),
    )
    op.create_index("claim_parties_code", "claim_parties", ["code", "role"])


def _records() -> None:
    _table(
        "claim_records",
        # No foreign key: an event may go some moments before its claim is brought up to date.
        sa.Column("event_id", IDENTIFIER, primary_key=True),
        _needed("article_id", TEXT),
        _needed("block", TEXT),
        _needed("day", DAY),
        _needed("cell", TEXT),
        _needed("goods", TEXT),
        _optional("segment", DAY),
        _optional("claim_id", IDENTIFIER),
        _needed("detail", TEXT),
    )
    op.create_index("claim_records_article", "claim_records", ["article_id"])
    op.create_index("claim_records_block", "claim_records", ["block", "day", "segment"])
    op.create_index("claim_records_cell", "claim_records", ["cell"])
    op.create_index("claim_records_claim", "claim_records", ["claim_id"])
    _table(
        "text_signatures",
        sa.Column(
            "article_id",
            TEXT,
            sa.ForeignKey("articles.article_id", ondelete="CASCADE", name="text_signatures_article"),
            primary_key=True,
        ),
        _needed("digest", TEXT),
        _needed("hashes", TEXT),
    )


def _queues() -> None:
    _table(
        "claim_changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), primary_key=True),
        _needed("article_id", TEXT),
    )
    _table(
        "claim_outbox",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), primary_key=True),
        _needed("claim_id", IDENTIFIER),
    )
