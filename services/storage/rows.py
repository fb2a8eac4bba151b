"""The tables' rows. The fields of these tuples are the columns that the migrations made, in the same order."""

from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import sqlalchemy as sa

from services.storage.columns import (
    Day,
    Document,
    Flag,
    Identifier,
    LargeWhole,
    Moment,
    Number,
    Whole,
    Words,
)


class ArticleRow(NamedTuple):
    """An article; `text` is null where only its citation is known."""

    article_id: Words
    title: Words | None
    url: Words | None
    source: Words | None
    language: Words | None
    published_on: Day | None
    published_at: Moment | None
    text: Words | None
    first_seen_at: Moment


class ExtractionRow(NamedTuple):
    """The current extraction of an article."""

    article_id: Words
    extraction_id: Identifier
    extractor: Words
    outcome: Words
    event_count: Whole
    seen_at: Moment


class EventRow(NamedTuple):
    """An event of a current extraction: the columns one filters by, and the whole record."""

    event_id: Identifier
    article_id: Words
    extraction_id: Identifier
    extractor: Words
    type: Words
    status: Words
    reported: Flag
    anchor: Words
    anchor_start: Whole
    anchor_end: Whole
    evidence: Words
    evidence_start: Whole
    evidence_end: Whole
    time: Words | None
    time_earliest: Day | None
    time_latest: Day | None
    movement: Words | None
    category: Words | None
    kind: Words | None
    quoted: Flag | None
    force: Words | None
    goods: Words | None
    content: Words | None
    quantity: Words | None
    quantity_min: Number | None
    quantity_max: Number | None
    quantity_approximate: Flag | None
    quantity_unit: Words | None
    plover_code: Words | None
    confidence: Number | None
    record: Document
    seen_at: Moment


class PartyRow(NamedTuple):
    """A party of an event; `name_words` is its name in small letters between single spaces, for search."""

    event_id: Identifier
    role: Words
    position: Whole
    name: Words
    name_words: Words
    code: Words | None
    kind: Words
    text: Words
    text_start: Whole
    text_end: Whole


class PlaceRow(NamedTuple):
    """A place of an event."""

    event_id: Identifier
    role: Words
    name: Words
    country: Words | None
    latitude: Number | None
    longitude: Number | None
    geonames_id: LargeWhole | None
    text: Words
    text_start: Whole
    text_end: Whole


class ToldRow(NamedTuple):
    """An event told inside a statement."""

    statement_id: Identifier
    position: Whole
    event_id: Identifier


class PendingRow(NamedTuple):
    """An event whose extraction is not the current one of its article (yet)."""

    extraction_id: Identifier
    event_id: Identifier
    article_id: Words
    record: Words
    seen_at: Moment


class DeadLetterRow(NamedTuple):
    """What is known of a dead letter: all but the id is null until it has come, `requeued_at` until it is sent back."""

    dead_letter_id: Words
    topic: Words | None
    partition_number: Whole | None
    message_offset: LargeWhole | None
    message_key: Words | None
    stage: Words | None
    exception: Words | None
    reason: Words | None
    tries: Whole | None
    failed_at: Moment | None
    sent_at: Moment | None
    value_length: LargeWhole | None
    value_sha256: Words | None
    requeued_at: Moment | None


class EventRows(NamedTuple):
    """All rows of one event."""

    event: EventRow
    parties: list[PartyRow]
    places: list[PlaceRow]
    told: list[ToldRow]


class OffsetRow(NamedTuple):
    """The next offset that a group reads from a partition."""

    consumer_group: Words
    topic: Words
    partition_number: Whole
    next_offset: LargeWhole


@cache
def table_of(name: str, row: type[tuple[Any, ...]]) -> sa.TableClause:
    """The table `name` for queries, with the columns and types of the tuple `row`."""
    hints = get_type_hints(row, include_extras=True)
    return sa.table(name, *(sa.column(column, _column_type(hint)) for column, hint in hints.items()))


def _column_type(hint: Any) -> sa.types.TypeEngine[Any]:
    annotated = hint if get_origin(hint) is Annotated else next(a for a in get_args(hint) if get_origin(a) is Annotated)
    column_type: sa.types.TypeEngine[Any] = get_args(annotated)[1]
    return column_type


ARTICLES = table_of("articles", ArticleRow)
EXTRACTIONS = table_of("extractions", ExtractionRow)
EVENTS = table_of("events", EventRow)
PARTIES = table_of("parties", PartyRow)
PLACES = table_of("places", PlaceRow)
TOLD = table_of("told", ToldRow)
PENDING = table_of("pending_events", PendingRow)
DEAD_LETTERS = table_of("dead_letters", DeadLetterRow)
OFFSETS = table_of("consumer_offsets", OffsetRow)
