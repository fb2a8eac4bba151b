"""The input: a news article."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints, field_validator

from schemas.base import SCHEMA_VERSION, Record, SchemaVersion

MAX_TEXT_LENGTH = 1_000_000
"""Longest text accepted, in code points: forty times the longest article of a newspaper."""


def _parse(value: Any) -> Any:
    """ISO 8601 text alone: a number would pass as seconds since 1970, a date that nobody wrote."""
    if isinstance(value, date | None):
        return value
    if not isinstance(value, str):
        raise ValueError("a date is written as text in ISO 8601")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("not a date in ISO 8601, such as 2024-10-28 or 2024-10-28T18:30:00+01:00") from None
    if moment.tzinfo is None and len(value) > len("2024-10-28"):
        raise ValueError("a time of day needs its time zone, such as 2024-10-28T18:30:00+01:00")
    return moment if moment.tzinfo else moment.date()


ArticleId = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f]+$")]

PublishedAt = Annotated[
    Annotated[AwareDatetime | date, Field(union_mode="left_to_right")],
    BeforeValidator(_parse),
]
"""A moment with its time zone, or a calendar date alone where no more is known."""


class Article(Record):
    """A German news article as the producer sends it: value of the `articles` topic, keyed by `id`.

    Offsets of all records made from it count code points of `text`, which is never changed.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    id: Annotated[ArticleId, Field(description="Stable name of the article: the key of all messages about it")]
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT_LENGTH, description="The body, as received")]
    title: Annotated[str | None, Field(max_length=2_000)] = None
    url: Annotated[str | None, Field(max_length=4_000)] = None
    source: Annotated[str | None, Field(max_length=500, description="Newspaper, agency or site")] = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")] = "de"
    published_at: Annotated[
        PublishedAt | None,
        Field(description="Publication: relative dates are resolved against it; null if unknown"),
    ] = None

    @field_validator("text", "title", "url", "source")
    @classmethod
    def _no_nul(cls, value: str | None) -> str | None:
        # PostgreSQL's text cannot hold U+0000, and no news text has a use for it.
        if value is not None and "\x00" in value:
            raise ValueError("the text contains the character U+0000")
        return value

    @field_validator("text")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the text is blank")
        return value


class ArticleReference(Record):
    """Enough of an article to cite it without a look-up."""

    id: ArticleId
    url: str | None = None
    title: str | None = None
    source: str | None = None
    language: str = "de"
    published_at: PublishedAt | None = None

    @classmethod
    def of(cls, article: Article) -> "ArticleReference":
        """The citation of `article`."""
        return cls(**article.model_dump(include=set(cls.model_fields)))
