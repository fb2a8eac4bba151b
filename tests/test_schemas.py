"""The contract: what may be built, what may be read, and what is said when it may not."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas import (
    Article,
    Event,
    InvalidRecord,
    Span,
    article_id,
    event_id,
    extraction_id,
    generate,
    read_article,
    read_event,
    read_extraction,
    write,
)

TEXT = "Frankreich liefert 40 Panzer an die Ukraine 🇺🇦, sagte Lecornu."
EVENTS: TypeAdapter[Event] = TypeAdapter(Event)


def span(words: str) -> dict[str, Any]:
    start = TEXT.index(words)
    return {"text": words, "start": start, "end": start + len(words)}


def supply(**changes: Any) -> dict[str, Any]:
    article = Article(id="a1", text=TEXT, published_at=date(2024, 10, 28))
    return {
        "type": "supply",
        "event_id": str(event_id("a1", "supply", 11, 18)),
        "extraction_id": str(extraction_id(article, "test 1")),
        "extractor": "test 1",
        "article": {"id": "a1", "published_at": "2024-10-28"},
        "evidence": span(TEXT),
        "anchor": span("liefert"),
        "status": "actual",
        "reported": True,
        "supplier": [{**span("Frankreich"), "name": "Frankreich", "code": "FRA", "kind": "state"}],
        "goods": span("Panzer"),
        "category": "vehicles",
        "quantity": {**span("40"), "min": 40, "max": 40},
        **changes,
    }


def encode(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


class TestReading:
    @pytest.mark.parametrize(
        ("data", "stage", "reason"),
        [
            (None, "decode", "tombstone"),
            (b"", "decode", "empty"),
            (b"\xff\xfe{}", "decode", "not UTF-8"),
            (b'{"id": "a", "text"', "decode", "not JSON"),
            (b'[{"id": "a"}]', "decode", "an array"),
            (b'"text"', "decode", "a string"),
            (b"null", "decode", "null"),
            (b"17", "decode", "a number"),
            (b'{"id": "a", "id": "b", "text": "x"}', "decode", "'id' stands twice"),
            (b'{"id": "a", "text": "x", "n": NaN}', "decode", "NaN"),
            (b'{"id": "a", "text": "x", "n": ' + b"[" * 100 + b"]" * 100 + b"}", "decode", "nested deeper"),
            (b"[" * 200_000, "decode", "nested deeper"),
            (b'{"id": "a", "text": "x", "n": 1' + b"0" * 5000 + b"}", "decode", "too many digits"),
            (b'{"id": "a", "text": "x", "n": 1e999}', "decode", "too large"),
            (b'{"schema_version": "2.0", "id": "a", "text": "x"}', "version", "'2.0'"),
            (b'{"schema_version": 1, "id": "a", "text": "x"}', "version", "1 cannot be read"),
            (b'{"id": "a"}', "validate", "text: Field required"),
            (b'{"id": 7, "text": "x"}', "validate", "id: Input should be a valid string"),
            (b'{"id": "a", "text": "  "}', "validate", "blank"),
            (b'{"id": "a", "text": "x\\u0000"}', "validate", "U+0000"),
            (b'{"id": "a", "text": "x\\ud83d"}', "validate", "unicode"),
            (b'{"id": "a\\u0007", "text": "x"}', "validate", "id"),
            (b'{"id": "a", "text": "x", "published_at": 5}', "validate", "ISO 8601"),
            (b'{"id": "a", "text": "x", "published_at": "gestern"}', "validate", "not a date"),
            (b'{"id": "a", "text": "x", "published_at": "2024-10-28T12:00:00"}', "validate", "time zone"),
            (encode({"id": "a", "text": "x" * 1_000_001}), "validate", "at most 1000000"),
        ],
    )
    def test_says_what_is_wrong(self, data: bytes | None, stage: str, reason: str) -> None:
        with pytest.raises(InvalidRecord) as raised:
            read_article(data)
        assert raised.value.stage == stage
        assert reason in raised.value.reason
        assert len(raised.value.reason) < 300

    def test_dates_stay_what_they_were(self) -> None:
        day = read_article(b'{"id": "a", "text": "x", "published_at": "2024-10-28"}')
        moment = read_article(b'{"id": "a", "text": "x", "published_at": "2024-10-28T18:30:00+01:00"}')
        assert day.published_at == date(2024, 10, 28)
        assert not isinstance(day.published_at, datetime)
        assert moment.published_at == datetime(2024, 10, 28, 17, 30, tzinfo=UTC)

    def test_bears_fields_of_a_newer_minor_version(self) -> None:
        newer = supply(schema_version="1.7", mood="sober")
        newer["goods"]["colour"] = "green"
        event = read_event(encode(newer))
        assert event.schema_version == "1.7"
        assert event.anchor.text == "liefert"

    def test_an_event_of_unknown_type_is_refused(self) -> None:
        with pytest.raises(InvalidRecord, match="type"):
            read_event(encode(supply(type="wedding")))

    @given(st.binary(max_size=200))
    def test_any_bytes_give_a_record_or_a_reason(self, data: bytes) -> None:
        for read in (read_article, read_event, read_extraction):
            with pytest.raises(InvalidRecord):
                read(data)


class TestRecords:
    def test_unknown_fields_are_refused_when_building(self) -> None:
        with pytest.raises(ValidationError, match="Extra inputs"):
            EVENTS.validate_python(supply(mood="sober"))

    def test_records_cannot_be_changed(self) -> None:
        article = Article(id="a", text="x")
        with pytest.raises(ValidationError, match="frozen"):
            article.__setattr__("id", "b")

    def test_span_must_fit_its_words(self) -> None:
        with pytest.raises(ValidationError, match="5 code points long, its text 7"):
            Span(text="liefert", start=11, end=16)

    def test_span_is_held_against_the_article(self) -> None:
        EVENTS.validate_python(supply(), context={"text": TEXT})
        with pytest.raises(ValidationError, match="does not hold these words"):
            EVENTS.validate_python(supply(), context={"text": " " + TEXT})

    def test_offsets_count_code_points(self) -> None:
        # The flag is two code points, four UTF-16 units and eight bytes.
        words = span("sagte Lecornu")
        Span.model_validate(words, context={"text": TEXT})
        assert TEXT[words["start"] - 4 : words["start"]] == "🇺🇦, "

    def test_anchor_lies_in_the_evidence(self) -> None:
        with pytest.raises(ValidationError, match="outside the evidence"):
            EVENTS.validate_python(supply(evidence=span("sagte Lecornu")))

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("quantity", {**span("40"), "min": 50, "max": 40}),
            ("time", {**span("40"), "earliest": "2024-02-01", "latest": "2024-01-01"}),
        ],
    )
    def test_bounds_are_in_order(self, field: str, value: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            EVENTS.validate_python(supply(**{field: value}))

    def test_outcome_fits_the_events(self) -> None:
        receipt = {"extraction_id": str(UUID(int=1)), "article_id": "a", "extractor": "1", "outcome": "events"}
        with pytest.raises(InvalidRecord, match="does not fit 0 events"):
            read_extraction(encode(receipt))

    def test_writing_and_reading_is_the_identity(self) -> None:
        event = EVENTS.validate_python(supply())
        assert read_event(write(event)) == event
        article = Article(id="a", text=TEXT, published_at=datetime(2024, 10, 28, 17, 30, tzinfo=UTC))
        assert read_article(write(article)) == article


class TestIds:
    def test_are_the_same_anywhere(self) -> None:
        # Written down, so that a change of the recipe is noticed: stored rows carry these ids.
        assert str(event_id("a1", "supply", 11, 18)) == "9d1d9c78-921f-557d-b218-4ecfedcefadc"
        assert event_id("a1", "supply", 11, 18) == event_id("a1", "supply", 11, 18, 0)

    def test_tell_findings_apart(self) -> None:
        ids = {
            event_id("a1", "supply", 11, 18),
            event_id("a1", "supply", 11, 18, 1),
            event_id("a1", "statement", 11, 18),
            event_id("a1", "supply", 1, 118),
            event_id("a11", "supply", 1, 18),
        }
        assert len(ids) == 5

    def test_of_articles_come_from_id_url_or_text(self) -> None:
        assert article_id("given", "http://example.org", "x") == "given"
        assert article_id(None, "http://example.org", "x") == article_id(None, "http://example.org", "y")
        assert article_id(None, None, "x") != article_id(None, None, "y")

    def test_of_extractions_change_with_article_and_version(self) -> None:
        article = Article(id="a", text="x")
        titled = Article(id="a", text="x", title="t")
        assert len({extraction_id(article, "1"), extraction_id(article, "2"), extraction_id(titled, "1")}) == 3


class TestGenerated:
    def test_files_are_as_the_models_have_it(self) -> None:
        for path, text in generate.files().items():
            assert path.read_text(encoding="utf-8") == text, f"{path.name} differs: run `lagebild schema`"

    def test_records_pass_their_schema(self) -> None:
        schemas = generate.json_schemas()
        for schema in schemas.values():
            jsonschema.Draft202012Validator.check_schema(schema)
        event = EVENTS.validate_python(supply())
        validator = jsonschema.Draft202012Validator(schemas["event"])
        validator.validate(json.loads(write(event)))
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({**json.loads(write(event)), "status": "rumoured"})

    def test_every_reference_of_the_asyncapi_document_resolves(self) -> None:
        document = generate.asyncapi()
        text = json.dumps(document)
        for reference in {part.split('"')[0] for part in text.split('"$ref": "')[1:]}:
            if reference.startswith("#/"):
                target: Any = document
                for step in reference[2:].split("/"):
                    target = target[step]
            else:
                assert (generate.HERE / reference).is_file()
