"""Dead letters to rows: what is known of each, without the message itself, which stays in its topic."""

import hashlib
from datetime import UTC, datetime

from schemas import DeadLetter
from services.storage.columns import moment_text
from services.storage.rows import DeadLetterRow


def letter_row(letter: DeadLetter, at: datetime) -> DeadLetterRow:
    """The row of a dead letter.

    Args:
        letter: as read from its topic.
        at: Kafka's timestamp of the dead letter, which stands in where it does not say when it failed.
    """
    value, digest, length = letter.value, letter.value_sha256, letter.value_length
    if digest is None and value is not None:
        digest, length = hashlib.sha256(value).hexdigest(), len(value)
    return DeadLetterRow(
        _plain(letter.id),
        _plain(letter.topic),
        letter.original_partition,
        letter.original_offset,
        None if letter.key is None else _plain(letter.key.decode("utf-8", "backslashreplace")),
        letter.stage,
        _plain(letter.exception),
        _plain(letter.message),
        letter.tries,
        moment_text(_aware(letter.failed_at or at)),
        _sent_at(letter.timestamp_ms),
        length,
        digest,
        None,
    )


def requeue_row(dead_letter_id: str, at: datetime) -> DeadLetterRow:
    """The row that says of a dead letter only that it was sent back at `at`."""
    nothing = [None] * (len(DeadLetterRow._fields) - 2)
    return DeadLetterRow._make([_plain(dead_letter_id), *nothing, moment_text(at)])


def merge_letters(known: DeadLetterRow, new: DeadLetterRow) -> DeadLetterRow:
    """What is known of a dead letter after `new`, in whatever order its records came."""
    return known._replace(**{name: value for name, value in new._asdict().items() if value is not None})


def _plain(text: str) -> str:
    # A reason may quote what made a message bad; PostgreSQL's text cannot hold this character.
    return text.replace("\x00", "\\x00")


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _sent_at(timestamp_ms: int) -> str | None:
    """The time of the original message; None where its producer wrote what is no date."""
    try:
        return moment_text(datetime.fromtimestamp(timestamp_ms / 1000, UTC))
    except (ValueError, OverflowError, OSError):
        return None
