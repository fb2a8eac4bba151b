"""Claims: what several articles tell of one happening, and what is kept to bring them up to date.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

from services.storage.columns import DAY, DOCUMENT, FLAG, IDENTIFIER, INTEGER, TEXT
from services.storage.migrations.tables import needed, optional, table

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


def _claims() -> None:
    table(
        "claims",
        sa.Column("claim_id", IDENTIFIER, primary_key=True),
        needed("type", TEXT),
        optional("movement", TEXT),
        needed("first_day", DAY),
        needed("last_day", DAY),
        needed("first_seen", DAY),
        needed("last_seen", DAY),
        *(needed(name, INTEGER) for name in ("records", "articles", "sources")),
        needed("statuses_disagree", FLAG),
        needed("quantities_disagree", FLAG),
        needed("digest", TEXT),
        needed("record", DOCUMENT),
    )
    op.create_index("claims_last_seen", "claims", ["last_seen"])
    table(
        "claim_parties",
        sa.Column(
            "claim_id",
            IDENTIFIER,
            sa.ForeignKey("claims.claim_id", ondelete="CASCADE", name="claim_parties_claim"),
            primary_key=True,
        ),
        sa.Column("role", TEXT, primary_key=True),
        sa.Column("position", INTEGER, primary_key=True),
        needed("name", TEXT),
        needed("name_words", TEXT),
        optional("code", TEXT),
        optional("status", TEXT),
    )
    op.create_index("claim_parties_code", "claim_parties", ["code", "role"])


def _records() -> None:
    table(
        "claim_records",
        # No foreign key: an event may go some moments before its claim is brought up to date.
        sa.Column("event_id", IDENTIFIER, primary_key=True),
        needed("article_id", TEXT),
        needed("block", TEXT),
        needed("day", DAY),
        needed("cell", TEXT),
        needed("goods", TEXT),
        optional("segment", DAY),
        optional("claim_id", IDENTIFIER),
        needed("detail", TEXT),
    )
    op.create_index("claim_records_article", "claim_records", ["article_id"])
    op.create_index("claim_records_block", "claim_records", ["block", "day", "segment"])
    op.create_index("claim_records_cell", "claim_records", ["cell"])
    op.create_index("claim_records_claim", "claim_records", ["claim_id"])
    table(
        "text_signatures",
        sa.Column(
            "article_id",
            TEXT,
            sa.ForeignKey("articles.article_id", ondelete="CASCADE", name="text_signatures_article"),
            primary_key=True,
        ),
        needed("digest", TEXT),
        needed("hashes", TEXT),
    )


def _queues() -> None:
    table(
        "claim_changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), primary_key=True),
        needed("article_id", TEXT),
    )
    table(
        "claim_outbox",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), primary_key=True),
        needed("claim_id", IDENTIFIER),
    )
