"""Properties of the contract over records of every shape: nothing is lost on the way to JSON and back."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from schemas import (
    Article,
    ArticleReference,
    Claim,
    ClaimParty,
    ClaimPlace,
    ClaimType,
    DeadLetter,
    DeploymentEvent,
    Disagreement,
    Event,
    Extraction,
    Movement,
    Number,
    Party,
    PartyKind,
    Place,
    Position,
    Quantity,
    Report,
    Span,
    Stage,
    StatementEvent,
    StatementKind,
    Status,
    SupplyEvent,
    Time,
    generate,
    read_article,
    read_claim,
    read_event,
    read_extraction,
    write,
)
from schemas.events import Category

UNUSUAL = ["ä", "ẞ", "„", "\u0301", "\u200d", "\u2028", "🇺🇦", "👩", "𝔊", "\ufeff", "\r\n", '"', "\\", "\x7f"]
"""One to four bytes of UTF-8, one or two units of UTF-16; combining signs, joiners, what JSON writes in its own way."""

signs = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
texts = st.lists(signs | st.sampled_from(UNUSUAL), min_size=1, max_size=60).map("".join).filter(str.strip)
words = st.text(signs, min_size=1, max_size=20)
days = st.dates()
moments = st.datetimes(timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))))
numbers = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(1, 10_000)
countries = st.from_regex(r"[A-Z]{3}", fullmatch=True)
article_ids = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


def one_of(literal: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(get_args(literal))


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, max_size=3).map(tuple)


articles = st.builds(
    Article,
    id=article_ids,
    text=texts,
    title=maybe(words),
    url=maybe(words),
    source=maybe(words),
    language=st.from_regex(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,2}", fullmatch=True),
    published_at=maybe(days | moments),
)


@st.composite
def offsets(draw: st.DrawFn, text: str) -> dict[str, Any]:
    """A stretch of the text, in code points."""
    start = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(start + 1, len(text)))
    return {"text": text[start:end], "start": start, "end": end}


def bounds(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    """Two in their order, either of them unknown."""
    ordered = st.tuples(values, values).map(lambda pair: tuple(sorted(pair)))
    return ordered.flatmap(lambda pair: st.tuples(maybe(st.just(pair[0])), maybe(st.just(pair[1]))))


def spans(model: type[Span], text: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of a kind that stand in the text."""
    parts = st.tuples(offsets(text), st.fixed_dictionaries(fields))
    return parts.map(lambda pair: model(**pair[0], **pair[1]))


def quantities(text: str) -> st.SearchStrategy[Any]:
    rest = st.fixed_dictionaries({"approximate": st.booleans(), "unit": maybe(words)})
    parts = st.tuples(offsets(text), bounds(numbers), rest)
    return parts.map(lambda p: Quantity(**p[0], min=p[1][0], max=p[1][1], **p[2]))


def times(text: str) -> st.SearchStrategy[Any]:
    return st.tuples(offsets(text), bounds(days)).map(lambda p: Time(**p[0], earliest=p[1][0], latest=p[1][1]))


@st.composite
def events(draw: st.DrawFn) -> tuple[Article, Event]:
    """An article and an event of it."""
    article = draw(articles)
    text = article.text
    parties = some(spans(Party, text, name=words, code=maybe(words), kind=one_of(PartyKind)))
    places = spans(
        Place,
        text,
        name=words,
        country=maybe(countries),
        latitude=maybe(st.floats(-90, 90)),
        longitude=maybe(st.floats(-180, 180)),
        geonames_id=maybe(counts),
    )
    plain = spans(Span, text)
    own: dict[type[BaseModel], dict[str, st.SearchStrategy[Any]]] = {
        DeploymentEvent: {
            "actor": parties,
            "force": maybe(plain),
            "quantity": maybe(quantities(text)),
            "origin": maybe(places),
            "destination": maybe(places),
            "beneficiary": parties,
            "movement": one_of(Movement),
        },
        SupplyEvent: {
            "supplier": parties,
            "recipient": parties,
            "goods": maybe(plain),
            "category": one_of(Category),
            "quantity": maybe(quantities(text)),
        },
        StatementEvent: {
            "speaker": parties,
            "addressee": parties,
            "kind": one_of(StatementKind),
            "quoted": st.booleans(),
            "content": plain,
            "tells": some(st.uuids()),
        },
    }
    model = draw(st.sampled_from(sorted(own, key=str)))
    evidence = draw(plain)
    anchor = draw(offsets(evidence.text))
    shifted = anchor | {name: anchor[name] + evidence.start for name in ("start", "end")}
    common = st.fixed_dictionaries(
        {
            "event_id": st.uuids(),
            "extraction_id": st.uuids(),
            "extractor": words,
            "status": one_of(Status),
            "reported": st.booleans(),
            "attribution": parties,
            "time": maybe(times(text)),
            "confidence": maybe(st.floats(0, 1)),
            "plover_code": maybe(st.from_regex(r"[0-9]{2,4}", fullmatch=True)),
        }
    )
    values = {**draw(common), **draw(st.fixed_dictionaries(own[model]))}
    made = model(article=ArticleReference.of(article), evidence=evidence, anchor=Span(**shifted), **values)
    return article, made  # type: ignore[return-value] # one of the three, by the choice above


extractions = st.builds(
    lambda ids, **values: Extraction(event_ids=ids, outcome="events" if ids else "no_events", **values),
    some(st.uuids()),
    extraction_id=st.uuids(),
    article_id=article_ids,
    extractor=words,
)
claim_parties = st.builds(ClaimParty, name=words, code=maybe(words), kind=one_of(PartyKind))
positions = st.builds(
    Position,
    said_by=maybe(claim_parties),
    status=one_of(Status),
    kinds=some(one_of(StatementKind)),
    records=counts,
    articles=counts,
    sources=counts,
    first_seen=days,
    last_seen=days,
)
told_numbers = st.builds(
    Number,
    said_by=maybe(claim_parties),
    status=one_of(Status),
    text=words,
    min=maybe(numbers),
    max=maybe(numbers),
    approximate=st.booleans(),
    unit=maybe(words),
    articles=counts,
)
reports = st.builds(
    Report,
    event_id=st.uuids(),
    article=articles.map(ArticleReference.of),
    status=one_of(Status),
    evidence=words,
    source_number=counts,
)
claims = st.builds(
    Claim,
    claim_id=st.uuids(),
    type=one_of(ClaimType),
    movement=maybe(one_of(Movement)),
    categories=some(one_of(Category)),
    actor=some(claim_parties),
    recipient=some(claim_parties),
    place=maybe(st.builds(ClaimPlace, name=words, country=maybe(countries))),
    goods=some(words),
    first_day=days,
    last_day=days,
    first_seen=days,
    last_seen=days,
    records=counts,
    articles=counts,
    sources=counts,
    disagreement=some(one_of(Disagreement)),
    positions=some(positions),
    numbers=some(told_numbers),
    reports=some(reports),
)
bytes_or_none = st.none() | st.binary(max_size=20)
dead_letters = st.builds(
    lambda carried, **values: DeadLetter(**values).model_copy(update=carried),
    # The model reads these from Base64; whoever has the bytes sets them past it.
    st.fixed_dictionaries(
        {"key": bytes_or_none, "value": bytes_or_none, "headers": some(st.tuples(words, bytes_or_none))}
    ),
    id=words,
    position=counts,
    partition=counts,
    topic=words,
    original_partition=counts,
    original_offset=counts,
    stage=one_of(Stage),
    exception=words,
    message=words,
    stacktrace=maybe(words),
    tries=counts,
    failed_at=maybe(moments),
    requeued=st.booleans(),
    timestamp_ms=st.integers(0, 2**62),
    value_sha256=maybe(words),
    value_length=maybe(counts),
)

RECORDS: dict[str, tuple[st.SearchStrategy[Any], Callable[[bytes], Any]]] = {
    "article": (articles, read_article),
    "event": (events().map(lambda pair: pair[1]), read_event),
    "extraction": (extractions, read_extraction),
    "claim": (claims, read_claim),
    "dead-letter": (dead_letters, DeadLetter.model_validate_json),
}


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(generate.json_schemas()[name])


def test_every_record_of_the_contract_is_tried() -> None:
    assert set(RECORDS) == set(generate.MODELS)


@pytest.mark.parametrize("name", RECORDS)
@given(st.data())
def test_what_is_written_is_read_as_it_was_and_passes_its_schema(name: str, data: st.DataObject) -> None:
    records, read = RECORDS[name]
    record = data.draw(records)
    written = write(record)
    again = read(written)
    assert again == record
    assert write(again) == written, "canonical"
    validator(name).validate(json.loads(written))


@given(events())
def test_offsets_are_those_of_the_articles_text_after_the_way_through_json(pair: tuple[Article, Event]) -> None:
    article, event = read_article(write(pair[0])), read_event(write(pair[1]))
    found = list(spans_of(event.model_dump()))
    assert len(found) >= 2
    for span in found:
        assert article.text[span["start"] : span["end"]] == span["text"]
    type(event).model_validate(event.model_dump(), context={"text": article.text})


def spans_of(value: Any) -> Any:
    """Every object with offsets, however deep."""
    if isinstance(value, dict):
        if {"text", "start", "end"} <= value.keys():
            yield value
        for part in value.values():
            yield from spans_of(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from spans_of(part)


@given(st.data(), texts)
def test_a_span_is_accepted_where_its_words_stand_and_nowhere_else(data: st.DataObject, text: str) -> None:
    span = data.draw(offsets(text))
    assert Span.model_validate(span, context={"text": text}).text == span["text"]
    start = data.draw(st.integers(0, len(text)))
    moved = {"text": span["text"], "start": start, "end": start + len(span["text"])}
    if text[start : moved["end"]] == span["text"]:
        Span.model_validate(moved, context={"text": text})
    else:
        with pytest.raises(ValidationError, match="does not hold these words"):
            Span.model_validate(moved, context={"text": text})
    with pytest.raises(ValidationError, match="code points long"):
        Span.model_validate(moved | {"end": moved["end"] + data.draw(st.integers(1, 5))})


def test_moments_keep_their_zone() -> None:
    moment = datetime(2024, 10, 28, 18, 30, tzinfo=timezone(timedelta(hours=1)))
    kept = read_article(write(Article(id="a", text="x", published_at=moment))).published_at
    assert isinstance(kept, datetime)
    assert kept.utcoffset() == timedelta(hours=1)
