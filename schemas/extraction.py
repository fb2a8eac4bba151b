"""The receipt of one extraction: which events an article has, by which version of the extractor."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from schemas.article import ArticleId
from schemas.base import SCHEMA_VERSION, Record, SchemaVersion


class Extraction(Record):
    """Value of the `extractions` topic, keyed by the article's id, sent after all of its events.

    It replaces every earlier finding about the article: `event_ids` is the whole truth of this
    extraction, and an article without events is known to have been read.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    extraction_id: Annotated[UUID, Field(description="Same article and same extractor version: same id")]
    article_id: ArticleId
    extractor: Annotated[str, Field(min_length=1, description="Version of the extractor")]
    event_ids: Annotated[tuple[UUID, ...], Field(description="All events found, in the order of the text")] = ()
    outcome: Literal["events", "no_events"]

    @model_validator(mode="after")
    def _outcome_fits(self) -> Self:
        if (self.outcome == "events") != bool(self.event_ids):
            raise ValueError(f"outcome {self.outcome!r} does not fit {len(self.event_ids)} events")
        return self
