"""What must hold for any bytes that stand in the articles topic, from the codec to the records sent.

Run by atheris (`tests.fuzz.run`) and, over the inputs kept in `seeds()`, by every test run (`tests/test_fuzz.py`).
"""

import json
from functools import cache
from typing import Any, get_args

from schemas import (
    Article,
    InvalidRecord,
    Span,
    Stage,
    article_id,
    extraction_id,
    read_article,
    read_event,
    read_extraction,
    write,
)
from services.dead_letters.record import Failure, Origin, dead_letter
from services.extractor import work
from tests.articles import article

MAX_BYTES = 20_000
LONGEST_REASON = 600
SENTENCE = (
    "Frankreich liefert der Ukraine 40 Panzer im Wert von 1,5 Milliarden Euro, sagte Lecornu am 28. Oktober 2024."
)


def check(data: bytes) -> None:
    """Read a message as the extractor does, and hold its outcome against what is promised.

    Raises:
        AssertionError: a promise is broken. Any other exception is a finding too.
    """
    _read_by_the_sink(data)
    try:
        item = read_article(data)
    except InvalidRecord as error:
        _is_told(data, error)
        return
    assert read_article(write(item)) == item, "writing and reading change the article"
    assert article_id(item.id, item.url, item.text) == item.id
    _extract(data, item)


def _read_by_the_sink(data: bytes) -> None:
    for read in (read_event, read_extraction):
        try:
            record = read(data)
        except InvalidRecord as error:
            _is_told(data, error)
        else:
            assert read(write(record)) == record


def _is_told(data: bytes, error: InvalidRecord) -> None:
    assert error.stage in get_args(Stage)
    assert error.reason
    assert len(error.reason) <= LONGEST_REASON, "a reason repeats its input"
    _put_aside(data, Failure(error.stage, type(error).__qualname__, error.reason))


def _put_aside(data: bytes, failure: Failure) -> None:
    origin = Origin("articles", 0, 0, 0, b"key", data)
    letter = dead_letter(origin, failure, connector="fuzz", class_name="fuzz", max_bytes=MAX_BYTES)
    assert letter.size <= MAX_BYTES


def _extract(data: bytes, item: Article) -> None:
    load()
    outcome = work.read_message(data)
    assert isinstance(outcome, work.Extracted), f"the extractor fails: {outcome.message}\n{outcome.stacktrace}"
    receipt = read_extraction(outcome.receipt)
    assert receipt.extraction_id == extraction_id(item, work.version())
    assert [str(name) for name in receipt.event_ids] == [event.id for event in outcome.events]
    assert len(set(receipt.event_ids)) == len(receipt.event_ids), "two records of one id"
    for event in outcome.events:
        _spans_hold(item.text, read_event(event.value))


def _spans_hold(text: str, value: Any) -> None:
    if isinstance(value, Span):
        assert text[value.start : value.end] == value.text
    for name in getattr(type(value), "model_fields", ()):
        field = getattr(value, name)
        for part in field if isinstance(field, tuple) else (field,):
            _spans_hold(text, part)


@cache
def load() -> None:
    """Have an extractor in this process."""
    # By rules: a network is not guided by coverage, and reads a hundredth as many texts.
    work._extractor = work.load("rules")


def from_parts(text: str, title: str | None = None, published_at: str | None = None, identifier: str = "a") -> bytes:
    """A message with these words in its fields: what lies behind the JSON is reached sooner."""
    return json.dumps({"id": identifier, "title": title, "text": text, "published_at": published_at}).encode()


def seeds() -> list[bytes]:
    """Inputs to begin with: good articles, and what has been found to be wrong once."""
    return [
        write(article(1)),
        from_parts(SENTENCE, "Panzer", "2024-10-28T18:30:00+01:00"),
        b'{"schema_version":"1.0","id":"a","text":"x\\ud800"}',
        b'{"id":"a","id":"b","text":"x"}',
        b'{"schema_version":"9.0","id":"a","text":"x"}',
        from_parts("x", published_at="0001-01-01T00:00:00+23:59"),
        from_parts("am 29. Februar", published_at="9999-12-31"),
        b'{"n":' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"n":1' + b"0" * 5000 + b"}",  # more digits than Python reads
        b'{"n":1e999}',  # infinite, and no JSON when written again
        from_parts("„ Uhr " + "Frankreich liefert " * 100),  # took seconds
    ]
