"""A batch sorted out: what remains of it when only the last word on each article, event and extraction counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from schemas import (
    Article,
    ArticleReference,
    DeadLetter,
    DeploymentEvent,
    Event,
    Extraction,
    StatementEvent,
    SupplyEvent,
)
from services.storage.columns import moment_text
from services.storage.conversion import article_row, event_rows, extraction_row, merge, pending_row, stub_row
from services.storage.interface import Change, Removal, Requeue
from services.storage.letters import letter_row, merge_letters, requeue_row
from services.storage.rows import ArticleRow, DeadLetterRow, ExtractionRow, PendingRow


class Finding(NamedTuple):
    """An event on its way into the tables: the arguments of `conversion.event_rows`."""

    event: Event
    event_id: str
    extraction_id: str
    seen_at: datetime


@dataclass(slots=True)
class Sorted:
    """What a batch changes.

    Attributes:
        articles: the row of every article that any record of the batch is about.
        withdrawn: articles whose text is withdrawn.
        extractions: articles and their current extraction as the batch leaves it; None: withdrawn.
        events: the events by extraction and event id, with Kafka's timestamp.
        letters: what the batch tells of each dead letter.
    """

    articles: dict[str, ArticleRow] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    extractions: dict[str, ExtractionRow | None] = field(default_factory=dict)
    events: dict[tuple[str, str], tuple[Event, datetime]] = field(default_factory=dict)
    letters: dict[str, DeadLetterRow] = field(default_factory=dict)
    _cited: dict[str, ArticleReference] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        """Take in the next record."""
        match change.record:
            case Article() as article:
                self.withdrawn.discard(article.id)
                self._know(article_row(article, change.at))
            case DeploymentEvent() | SupplyEvent() | StatementEvent() as event:
                self.events[str(event.extraction_id), str(event.event_id)] = (event, change.at)
                self._cite(event, change.at)
            case Extraction() as extraction:
                self.extractions[extraction.article_id] = extraction_row(extraction, change.at)
                self._mention(extraction.article_id, change.at)
            case Removal(article_id, "article"):
                self.withdrawn.add(article_id)
                self._mention(article_id, change.at)
            case Removal(article_id, _):
                self.extractions[article_id] = None
                self._mention(article_id, change.at)
            case DeadLetter() as letter:
                self._put_aside(letter_row(letter, change.at))
            case Requeue(dead_letter_id):
                self._put_aside(requeue_row(dead_letter_id, change.at))

    def _put_aside(self, row: DeadLetterRow) -> None:
        known = self.letters.get(row.dead_letter_id)
        self.letters[row.dead_letter_id] = merge_letters(known, row) if known else row

    def _cite(self, event: Event, at: datetime) -> None:
        known = self.articles.get(event.article.id)
        # Most events come beside their article or its other events, which say as much: a row less to build.
        if known is None or (known.text is None and self._cited.get(known.article_id) != event.article):
            self._cited[event.article.id] = event.article
            self._know(article_row(event.article, at))
        else:
            self._mention(event.article.id, at)

    def _mention(self, article_id: str, at: datetime) -> None:
        known = self.articles.get(article_id)
        if known is None:
            self.articles[article_id] = stub_row(article_id, at)
        elif (seen := moment_text(at)) < known.first_seen_at:
            self.articles[article_id] = known._replace(first_seen_at=seen)

    def _know(self, row: ArticleRow) -> None:
        known = self.articles.get(row.article_id)
        self.articles[row.article_id] = merge(known, row) if known else row

    def split(self, current: Mapping[str, str]) -> tuple[list[Finding], list[PendingRow]]:
        """The events that readers see, and the rows of those that wait.

        Args:
            current: articles and the id of their current extraction.

        Raises:
            Unstorable: an event that waits cannot be stored.
        """
        found = [Finding(event, event_id, id_, at) for (id_, event_id), (event, at) in self.events.items()]
        shown = [one for one in found if current.get(one.event.article.id) == one.extraction_id]
        # Those that wait are made into rows too: what cannot be must fail here, not when its extraction comes.
        waiting = [
            pending_row(event_rows(*one).event)
            for one in found
            if current.get(one.event.article.id) != one.extraction_id
        ]
        return shown, waiting


def sort_out(batch: Iterable[Change]) -> Sorted:
    """Sort out a batch."""
    result = Sorted()
    for change in batch:
        result.add(change)
    return result
