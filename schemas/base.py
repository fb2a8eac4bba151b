"""The ground of every record: frozen models, spans of text and their invariants."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, model_validator

SCHEMA_VERSION = "1.0"
"""Version of the records this package writes. Minor versions add fields; a major version changes meaning."""

SchemaVersion = Annotated[str, StringConstraints(pattern=r"^1\.\d+$")]
"""Any version that this package can read: the same major version."""

Offset = Annotated[int, Field(ge=0)]
"""Position in the article's text as received, counted in Unicode code points from 0."""


class Record(BaseModel):
    """Base of all records: immutable, and without unknown fields when built by this package.

    Readers of other versions pass ``extra="ignore"`` when validating (see `schemas.codec`), so that a
    field added by a newer minor version does not stop them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class Span(Record):
    """A stretch of the article's text.

    `start` and `end` count code points of the text as received, `end` is exclusive, and
    ``text[start:end]`` of the article equals `text`. The length is always checked. The words are
    checked too where the article's text is handed to validation as ``context={"text": ...}``.

    Raises:
        pydantic.ValidationError: the offsets do not fit the words.
    """

    text: Annotated[str, Field(min_length=1, description="The words, copied exactly from the article's text")]
    start: Annotated[Offset, Field(description="First code point, counted from 0")]
    end: Annotated[Offset, Field(description="Code point after the last one")]

    @model_validator(mode="after")
    def _offsets_fit(self, info: ValidationInfo) -> Self:
        if self.end - self.start != len(self.text):
            raise ValueError(
                f"span {self.start}:{self.end} is {self.end - self.start} code points long, its text {len(self.text)}"
            )
        article = (info.context or {}).get("text")
        if article is not None and article[self.start : self.end] != self.text:
            raise ValueError(f"span {self.start}:{self.end} does not hold these words in the article's text")
        return self
