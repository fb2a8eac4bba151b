"""Poison: every bad message in the dead letters with its reason, no good one lost, and the service lives."""

import hashlib
import json
import time
from collections import Counter
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from schemas import DeadLetter, Stage, read_event, read_extraction
from services.common.settings import Settings
from services.dead_letters.reading import read_dead_letters
from tests.articles import RawRecord, article, expected_events, message
from tests.conftest import ReadTopic
from tests.processes import Service, until
from tests.standins import ALLOCATE, EXIT, HANG, HANG_DEAF, RAISE, SEGFAULT

YESTERDAY_MS = int(time.time() - 86_400) * 1000


def _json(**changes: object) -> bytes:
    record = {"schema_version": "1.0", "id": "p", "text": "Das sagte er."} | changes
    return json.dumps({name: value for name, value in record.items() if value is not ...}).encode()


NESTED = b'{"id": "p", "text": ' + b"[" * 100 + b"]" * 100 + b"}"
TOO_DEEP_FOR_THE_PARSER = b'{"id": "p", "text": ' + b"[" * 200_000

POISON: dict[str, tuple[bytes | None, Stage, str]] = {
    "tombstone": (None, "decode", "tombstone"),
    "": (None, "decode", "tombstone"),  # without a key either
    "empty": (b"", "decode", "empty"),
    "not UTF-8": (b'{"id": "p", "text": "M\xfcnchen"}', "decode", "UTF-8"),
    "UTF-16": (_json().decode().encode("utf-16"), "decode", "UTF-8"),
    "truncated": (_json()[:-9], "decode", "JSON"),
    "no JSON at all": (b"Kein JSON, sagte er.", "decode", "JSON"),
    "array": (b"[" + _json() + b"]", "decode", "array"),
    "string": (b'"Das sagte er."', "decode", "string"),
    "NaN": (b'{"id": "p", "text": NaN}', "decode", "NaN"),
    "duplicate keys": (b'{"id": "p", "id": "q", "text": "Das sagte er."}', "decode", "twice"),
    "100 levels": (NESTED, "decode", "nested"),
    "200,000 levels": (TOO_DEEP_FOR_THE_PARSER, "decode", "nested"),
    "unknown version": (_json(schema_version="9.0"), "version", "9.0"),
    "version of another type": (_json(schema_version=1), "version", "1"),
    "no text": (_json(text=...), "validate", "text"),
    "no id": (_json(id=...), "validate", "id"),
    "id of another type": (_json(id=17), "validate", "id"),
    "blank text": (_json(text=" \n"), "validate", "text"),
    "NUL": (_json(text="Das sagte\x00 er."), "validate", "U+0000"),
    "lone surrogate": (b'{"id": "p", "text": "Das sagte \\ud800 er."}', "validate", "text"),
    "date in words": (_json(published_at="gestern"), "validate", "published_at"),
    "10 MB": (_json(text="Das sagte er. " * 750_000), "validate", "text"),
    "event over the broker's limit": (_json(text="Das sagte er. " + "x" * 700_000), "send", "bytes"),
    "extractor raises": (_json(text=RAISE), "extract", "nothing to be made"),
}


@pytest.fixture
async def producer(broker: str) -> AIOKafkaProducer:
    """One that sends what the broker takes only because it is compressed."""
    producer = AIOKafkaProducer(
        bootstrap_servers=broker,
        compression_type="lz4",
        max_request_size=20_000_000,
        # aiokafka refuses a message without key and value; the serializer comes after that check.
        value_serializer=lambda value: None if value == "null" else value,
    )
    await producer.start()
    yield producer
    await producer.stop()


def service(settings: Settings, tmp_path: Path, **changes: object) -> Service:
    changed = settings.model_copy(update={"extractor_model": "tests.standins:make", **changes})
    return Service.command("extractor", changed, tmp_path / "extractor.log")


async def send_all(producer: AIOKafkaProducer, topic: str, records: list[RawRecord]) -> None:
    for key, value, headers in records:
        nothing = "null" if value is None else value
        await producer.send(topic, nothing, key=key, headers=headers, timestamp_ms=YESTERDAY_MS)
    await producer.flush()


async def dead_letters(settings: Settings) -> list[DeadLetter]:
    return [letter async for letter in read_dead_letters(settings)]


def done(running: Service, count: int) -> None:
    until(lambda: running.metric("lagebild_articles_processed_total") >= count, f"{count} messages done")


async def test_every_kind_of_poison_among_good_articles(
    settings: Settings, producer: AIOKafkaProducer, read_topic: ReadTopic, tmp_path: Path
) -> None:
    good = [article(number) for number in range(500)]
    records = [message(item) for item in good]
    for place, (name, (value, _, _)) in enumerate(POISON.items()):
        records.insert(place * 20, (name.encode() or None, value, [("trace", name.encode()), ("trace", b"again")]))
    await send_all(producer, settings.topic("articles"), records)
    with service(settings, tmp_path) as running:
        done(running, len(records))
        assert running.terminate() == 0
    letters = {(letter.key or b"").decode(): letter for letter in await dead_letters(settings)}
    assert set(letters) == set(POISON)
    for name, (value, stage, reason) in POISON.items():
        letter = letters[name]
        assert letter.stage == stage, letter.message
        assert reason in letter.message
        assert letter.headers == (("trace", name.encode()), ("trace", b"again"))
        assert letter.timestamp_ms == YESTERDAY_MS
        assert letter.topic == settings.topic("articles")
        assert_kept(letter, value)
    events = [read_event(record.value) for record in await read_topic(settings.topic("events"))]
    receipts = [read_extraction(record.value) for record in await read_topic(settings.topic("extractions"))]
    assert {event.event_id for event in events} == expected_events(good)
    assert {receipt.article_id for receipt in receipts} == {item.id for item in good}


def assert_kept(letter: DeadLetter, value: bytes | None) -> None:
    if letter.value_sha256 is None:
        assert (letter.value or b"") == (value or b"")
        return
    assert value is not None
    assert letter.value is not None
    assert value.startswith(letter.value)
    assert letter.value_length == len(value)
    assert letter.value_sha256 == hashlib.sha256(value).hexdigest()


async def test_articles_that_hang_eat_memory_or_kill_their_worker_do_not_stop_the_service(
    settings: Settings, producer: AIOKafkaProducer, read_topic: ReadTopic, tmp_path: Path
) -> None:
    bad = {f"bad{n}": text for n, text in enumerate((HANG, HANG_DEAF, EXIT, SEGFAULT, ALLOCATE))}
    good = [article(number) for number in range(60)]
    records = [message(item) for item in good]
    for place, (name, text) in enumerate(bad.items()):
        records.insert(place * 15, (name.encode(), _json(id=name, text=text), []))
    await send_all(producer, settings.topic("articles"), records)
    limits = {"extractor_timeout_seconds": 2, "extractor_memory_bytes": 512 << 20}
    with service(settings, tmp_path, **limits) as running:
        done(running, len(records))
        assert running.get("/livez")[0] == running.get("/readyz")[0] == 200
        assert running.metric("lagebild_pool_restarts_total") == 2 * len(bad)
        assert running.metric("lagebild_pool_restarts_total", reason="memory") == 2
    letters = await dead_letters(settings)
    assert Counter((letter.key or b"").decode() for letter in letters) == dict.fromkeys(bad, 1)
    assert {letter.stage for letter in letters} == {"extract"}
    receipts = [read_extraction(record.value) for record in await read_topic(settings.topic("extractions"))]
    assert {receipt.article_id for receipt in receipts} == {item.id for item in good}


async def test_too_many_dead_letters_stop_the_extractor_and_a_restart_goes_on(
    settings: Settings, producer: AIOKafkaProducer, tmp_path: Path
) -> None:
    records: list[RawRecord] = [(b"same key", b"bad %d" % number, []) for number in range(20)]
    await send_all(producer, settings.topic("articles"), records)
    with service(settings, tmp_path, dead_letter_run=5) as running:
        until(lambda: running.metric("lagebild_dead_letter_limit_reached") == 1, "the limit is reached")
        until(lambda: running.get("/readyz")[0] == 503, "not ready")
        assert "5 messages in a row" in running.checks("/readyz")["dead_letters"]
        assert running.get("/livez")[0] == 200
        assert running.terminate() == 0
    assert [letter.value for letter in await dead_letters(settings)] == [record[1] for record in records[:5]]
    with service(settings, tmp_path) as running:
        done(running, 15)
    assert [letter.value for letter in await dead_letters(settings)] == [record[1] for record in records]


async def test_a_share_of_dead_letters_stops_the_extractor_too(
    settings: Settings, producer: AIOKafkaProducer, tmp_path: Path
) -> None:
    """Never two bad ones in a row, yet every other one of the last ten."""
    good = [message(article(number)) for number in range(30)]
    bad: list[RawRecord] = [(b"same key", b"bad %d" % number, []) for number in range(20)]
    # Of one key, so that all are in one partition and come in this order.
    records = [(b"same key", value, headers) for _key, value, headers in good]
    mixed = [*records[:20], *(record for pair in zip(bad, records[20:], strict=False) for record in pair)]
    await send_all(producer, settings.topic("articles"), mixed)
    with service(settings, tmp_path, dead_letter_ratio=0.5, dead_letter_window=10, dead_letter_run=100) as running:
        until(lambda: running.metric("lagebild_dead_letter_limit_reached") == 1, "the limit is reached")
        until(lambda: running.get("/readyz")[0] == 503, "not ready")
        assert "5 of the last 10 messages" in running.checks("/readyz")["dead_letters"]
        assert running.get("/livez")[0] == 200
        assert running.metric("lagebild_articles_processed_total") == 20 + 9
        assert running.terminate() == 0
    assert [letter.value for letter in await dead_letters(settings)] == [record[1] for record in bad[:5]]


@pytest.mark.parametrize("header", ["lagebild.timestamp", "lagebild.tries"])
async def test_a_header_that_is_no_number_stops_nothing(
    header: str, settings: Settings, producer: AIOKafkaProducer, tmp_path: Path
) -> None:
    """Python refuses to read a number of more than 4,300 digits, and Kafka's times have 63 bits."""
    numbers = [b"9" * 5_000, b"9" * 30, "٣".encode(), b"-1", b""]
    good, bad = message(article(1)), (b"k", b"no json")
    records: list[RawRecord] = [(*bad, [(header, number)]) for number in numbers]
    await send_all(producer, settings.topic("articles"), [*records, good])
    with service(settings, tmp_path) as running:
        done(running, len(records) + 1)
        assert running.terminate() == 0
    letters = await dead_letters(settings)
    assert [(letter.tries, letter.timestamp_ms) for letter in letters] == [(1, YESTERDAY_MS)] * len(numbers)
