"""Dead letters: what could not be processed, and why. The messages themselves stay in their topic.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

from services.storage.columns import INTEGER, LARGE_INTEGER, MOMENT, TEXT
from services.storage.migrations.tables import optional, table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the sink fills it from the topic's beginning."""
    table(
        "dead_letters",
        sa.Column("dead_letter_id", TEXT, primary_key=True),
        # All may be null: that a letter was sent back can be read before the letter, which lies in another partition.
        optional("topic", TEXT),
        optional("partition_number", INTEGER),
        optional("message_offset", LARGE_INTEGER),
        optional("message_key", TEXT),
        *(optional(name, TEXT) for name in ("stage", "exception", "reason")),
        optional("tries", INTEGER),
        optional("failed_at", MOMENT),
        optional("sent_at", MOMENT),
        optional("value_length", LARGE_INTEGER),
        optional("value_sha256", TEXT),
        optional("requeued_at", MOMENT),
    )
    op.create_index("dead_letters_failed_at", "dead_letters", ["failed_at"])
