"""CloudEvents 1.0 on every topic, in binary mode, as the CloudEvents SDK and the specification read it."""

import asyncio
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiokafka import ConsumerRecord
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from schemas import Article
from services.common.cloudevents import headers_for
from services.common.settings import Settings
from services.dead_letters.reading import read_dead_letters
from services.dead_letters.record import parse
from services.dead_letters.requeue import requeue
from services.producer import produce, read_articles
from tests.conftest import ReadTopic, SendRaw
from tests.processes import ROOT, Service
from tests.sinking import PATIENCE_SECONDS, running, stored

KINDS = ("articles", "events", "extractions", "claims", "dead_letters")
TYPES = {
    "articles": {"article"},
    "events": {"event.deployment", "event.supply", "event.statement"},
    "extractions": {"extraction"},
    "claims": {"claim"},
    "dead_letters": {"article", "dead-letter", "requeue"},
}
SOURCES = {"articles": "producer", "events": "extractor", "extractions": "extractor", "claims": "sink"}
# RFC 3339, section 5.6
TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
BROKEN = headers_for("article", "kaputt", "/somebody/else")
FOREIGN = {b"a", b"b", b"c", None}
"""Keys of what is sent here beside the services."""
PLAIN = [("content-type", b"text/plain"), ("ce_id", b"half of a CloudEvent")]


@pytest.fixture
async def topics(
    settings: Settings, send_raw: SendRaw, read_topic: ReadTopic, tmp_path: Path
) -> dict[str, list[ConsumerRecord]]:
    """All records of each topic after the seeds, and some that are no articles and no events, have gone through."""
    settings = settings.model_copy(update={"extractor_model": "rules", "claims_seconds": 0.05})
    articles = [item for item in read_articles([ROOT / "seeds"]) if isinstance(item, Article)]
    await send_raw(settings.topic("articles"), [(b"a", b"{", []), (b"b", b"{", BROKEN), (None, b"\xff", PLAIN)])
    await send_raw(settings.topic("events"), [(b"c", b"no event", [])])
    await produce(articles, settings)
    with Service.command("extractor", settings, tmp_path / "extractor.log") as extractor:
        async with running(settings) as store:
            await stored(store, extractions=len(articles), pending=0, dead_letters=4)
            async with asyncio.timeout(PATIENCE_SECONDS):
                # The database tells nobody when it changes.
                while not list(store.claims()) or store.claim_changes_waiting() or store.unsent_claims():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        assert await asyncio.to_thread(extractor.terminate) == 0
    await requeue(settings, [letter.id async for letter in read_dead_letters(settings) if letter.key == b"a"])
    return {kind: await read_topic(settings.topic(kind)) for kind in KINDS}


def read(record: ConsumerRecord) -> BaseCloudEvent:
    """As the SDK reads it; it raises where an attribute is missing or breaks the specification."""
    # Later headers of one name count, as in Kafka's own lastHeader.
    headers = {name: value for name, value in record.headers if name.startswith("ce_") or name == "content-type"}
    return from_binary(KafkaMessage(headers, record.key, record.value or b""), JSONFormat(), CloudEvent)


async def test_every_record_is_a_cloudevent(topics: dict[str, list[ConsumerRecord]], settings: Settings) -> None:
    for kind, records in topics.items():
        ours = [record for record in records if record.key not in FOREIGN or kind == "dead_letters"]
        found = {read(record).get_type().removeprefix("org.lagebild.") for record in ours}
        assert found == TYPES[kind], kind
        for record in ours:
            check_attributes(record)
            if kind in SOURCES:
                check_ours(record, SOURCES[kind])
    check_dead_letters(topics["dead_letters"], settings)


def check_attributes(record: ConsumerRecord) -> None:
    """What the SDK does not look at. CloudEvents 1.0.2, section 3; Kafka binding, section 3.2."""
    event, headers = read(record), dict(record.headers)
    assert event.get_specversion() == "1.0"
    assert urlsplit(event.get_source()).path
    if "ce_time" in headers:
        assert TIME.fullmatch(headers["ce_time"])
    assert all(re.fullmatch(r"ce_[a-z0-9]+", name) for name in headers if name.startswith("ce_"))


def check_ours(record: ConsumerRecord, service: str) -> None:
    names = [name for name, _ in record.headers]
    assert len(set(names)) == len(names)
    event = read(record)
    assert event.get_source() == f"/lagebild/{service}"
    assert event.get_datacontenttype() == "application/json; charset=utf-8"
    data = json.loads(record.value) if record.value else {}
    ids = {"articles": "id", "events": "event_id", "extractions": "extraction_id"}
    for kind, field in ids.items():
        if record.topic.endswith(f"-{kind}"):
            assert event.get_id() == data[field]
    if "type" in data and not record.topic.endswith("-claims"):
        assert event.get_type() == f"org.lagebild.event.{data['type']}"


def check_dead_letters(records: list[ConsumerRecord], settings: Settings) -> None:
    letters = {record.key: record for record in records if parse(record)}
    bare, broken, half, event = (letters[key] for key in (b"a", b"b", None, b"c"))
    extractor, sink = settings.extractor_group, settings.sink_group
    for record, group in ((bare, extractor), (half, extractor), (event, sink)):
        letter = parse(record)
        assert letter is not None
        assert (read(record).get_id(), read(record).get_source()) == (letter.id, f"/lagebild/{group}")
        assert read(record).get_datacontenttype() == "application/octet-stream"
    # Of a message that was a CloudEvent the dead letter is the same one.
    assert (read(broken).get_id(), read(broken).get_source()) == ("kaputt", "/somebody/else")
    # And none of a dead letter's own headers goes back with the message.
    given = {key: letter.headers for key, letter in ((k, parse(r)) for k, r in letters.items()) if letter}
    assert given == {b"a": (), b"b": tuple(BROKEN), None: tuple(PLAIN), b"c": ()}
