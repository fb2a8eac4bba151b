"""The sink under faults: killed, locked out, fenced, fed with what cannot be read or stored."""

import asyncio
import hashlib
import random
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from schemas import DeploymentEvent, write
from services.common.errors import UserError
from services.common.settings import Settings
from services.dead_letters.message import send as send_message
from services.dead_letters.record import Failure, Origin, dead_letter, parse
from services.dead_letters.requeue import requeue
from services.sink import Sink
from services.storage import Advance, Partition, Store, open_store
from tests.conftest import ReadTopic, SendRaw
from tests.findings import article, findings, receipt
from tests.processes import Service, until
from tests.sinking import expected, processed, read_up_to, running, send, stored

COMMAND = ["-c", "import typer; from services.cli.sink import sink; typer.run(sink)"]


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Service:
    """The sink as a process of its own, not started."""
    return Service(COMMAND, settings.model_copy(update={"sink_batch_size": 20}), tmp_path / "sink.log")


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Store]:
    """The database, to look into from outside."""
    with closing(open_store(settings.database_url)) as store:
        yield store


async def test_killed_again_and_again_it_loses_and_doubles_nothing(settings: Settings, service: Service) -> None:
    articles = [article(number) for number in range(300)]
    await send(settings, processed(articles))
    chance = random.Random(7)
    async with database(settings) as store:
        with service:
            for _ in range(3):
                before = sum(store.offsets(settings.sink_group).values())
                await read_up_to(store, settings, before + chance.randrange(20, 250))
                service.kill()
                service.start()
            await stored(store, events=900, extractions=300, articles=300)
            assert await asyncio.to_thread(service.terminate) == 0
        assert set(store.events()) == expected(articles)
        assert store.check() == []


async def test_sigterm_ends_it_in_time_with_its_offsets_shown_to_kafka(settings: Settings, service: Service) -> None:
    await send(settings, processed([article()]))
    async with database(settings) as store:
        with service:
            await stored(store, events=3)
            await asyncio.to_thread(service.wait_ready)
            service.signal(signal.SIGTERM)
            assert await asyncio.to_thread(service.wait, 10) == 0
    assert "Traceback" not in service.log()


async def test_a_locked_database_is_waited_for_and_told(settings: Settings, service: Service) -> None:
    async with database(settings) as store:
        path = settings.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None)) as other, service:
            await asyncio.to_thread(service.wait_ready)
            other.execute("BEGIN IMMEDIATE")
            await send(settings, processed([article()]))
            await asyncio.to_thread(until, lambda: "locked" in service.checks("/readyz")["database"], "says so")
            assert service.get("/livez")[0] == 200
            assert store.counts().articles == 0
            other.execute("COMMIT")
            await stored(store, events=3, articles=1)
            await asyncio.to_thread(service.wait_ready)
            assert service.metric("lagebild_sink_commit_failures_total") >= 1
            assert service.metric("lagebild_sink_rows_total", table="events", outcome="written") == 3


async def test_only_the_bad_record_of_a_batch_becomes_a_dead_letter(settings: Settings, read_topic: ReadTopic) -> None:
    articles = [article(number) for number in range(60)]
    records = processed(articles)
    place = next(e for e in findings(articles[30]) if isinstance(e, DeploymentEvent)).destination
    assert place is not None
    (index,) = (i for i, r in enumerate(records) if isinstance(r, DeploymentEvent) and r.article.id == "artikel-30")
    good = records[index]
    assert isinstance(good, DeploymentEvent)
    records[index] = bad = good.model_copy(update={"destination": place.model_copy(update={"geonames_id": 2**70})})
    await send(settings, records)
    async with running(settings) as store:
        await read_up_to(store, settings, 300)
        assert set(store.events()) == expected(articles) - {good}
        assert store.check() == ["article artikel-30: its extraction names 3 events, 2 are there"]
    (record,) = await read_topic(settings.topic("dead_letters"))
    letter = parse(record)
    assert letter is not None
    assert (letter.stage, letter.topic, letter.key, letter.value) == (
        "store",
        settings.topic("events"),
        b"artikel-30",
        write(bad),
    )
    assert "out of range" in letter.message


async def test_what_cannot_be_read_becomes_a_dead_letter_and_an_article_does_not(
    settings: Settings, read_topic: ReadTopic, send_raw: SendRaw
) -> None:
    bad = {
        "events": [b"", b"\xff\xfe", b"[1]", b'{"type": "deployment"}', b'{"schema_version": "9.0"}'],
        "extractions": [b"no json", b'{"article_id": "x"}'],
        # The extractor reads these too, and reports them.
        "articles": [b"no json", b"{}"],
    }
    for kind, values in bad.items():
        await send_raw(settings.topic(kind), [(b"artikel-0", value, [("a", b"b")]) for value in values])  # type: ignore[arg-type]  # the keys are kinds of topic
    await send(settings, processed([article()]))
    async with running(settings) as store:
        await read_up_to(store, settings, 9 + 5)
        assert set(store.events()) == expected([article()])
    letters = [parse(record) for record in await read_topic(settings.topic("dead_letters"))]
    assert {letter.value for letter in letters if letter} == {*bad["events"], *bad["extractions"]}
    assert {letter.stage for letter in letters if letter} == {"read"}
    assert all(letter.headers == (("a", b"b"),) for letter in letters if letter)


async def test_tombstones_withdraw(settings: Settings, send_raw: SendRaw) -> None:
    one, other = article(1), article(2)
    await send(settings, processed([one, other]))
    async with running(settings) as store:
        await stored(store, events=6)
        await send_raw(settings.topic("extractions"), [(one.id.encode(), None, [])])
        await send_raw(settings.topic("articles"), [(one.id.encode(), None, [])])
        await stored(store, events=3, extractions=1)
        assert set(store.events()) == expected([other])


async def test_too_many_dead_letters_stop_it(settings: Settings, send_raw: SendRaw, read_topic: ReadTopic) -> None:
    strict = settings.model_copy(update={"dead_letter_run": 5, "sink_batch_size": 1})
    await send_raw(settings.topic("events"), [(b"k", b"no json", [])] * 30)
    sink = Sink(strict)
    task = asyncio.create_task(sink.run())
    async with asyncio.timeout(30):
        while not sink.health.ready()["dead_letters"]:  # noqa: ASYNC110 - the health is asked, it tells no one
            await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    sink.stop()
    await task
    assert len(await read_topic(settings.topic("dead_letters"))) == 5


async def test_a_share_of_dead_letters_stops_it_too_and_is_told(
    settings: Settings, send_raw: SendRaw, read_topic: ReadTopic, tmp_path: Path
) -> None:
    good = [(b"k", write(event), []) for number in range(4) for event in findings(article(number))]
    bad = [(b"k", b"no json %d" % number, []) for number in range(10)]
    # Of one key, so that they come in this order: never two bad ones in a row.
    await send_raw(settings.topic("events"), [record for pair in zip(good, bad, strict=False) for record in pair])
    changed = {"dead_letter_ratio": 0.5, "dead_letter_window": 10, "dead_letter_run": 100, "sink_batch_size": 1}
    with Service(COMMAND, settings.model_copy(update=changed), tmp_path / "sink.log") as service:
        await asyncio.to_thread(until, lambda: service.metric("lagebild_dead_letter_limit_reached") == 1, "the limit")
        await asyncio.to_thread(until, lambda: service.get("/readyz")[0] == 503, "not ready")
        assert "5 of the last 10 messages" in service.checks("/readyz")["dead_letters"]
        assert service.get("/livez")[0] == 200
        assert "stopped by dead letters" in service.log()
        assert await asyncio.to_thread(service.terminate) == 0
    letters = [parse(record) for record in await read_topic(settings.topic("dead_letters"))]
    assert [letter.value for letter in letters if letter] == [value for _key, value, _headers in bad[:5]]


async def test_a_dead_letter_over_the_brokers_limit_is_cut_and_keeps_a_digest(
    settings: Settings, send_raw: SendRaw, read_topic: ReadTopic
) -> None:
    # The event fits; with the reason in its headers it would not.
    value = b"no json " * ((settings.max_message_bytes - 400) // 8)
    await send_raw(settings.topic("events"), [(b"key", value, [("a", b"b")])])
    await send(settings, processed([article()]))
    async with running(settings) as store:
        await read_up_to(store, settings, 1 + 5)
        assert set(store.events()) == expected([article()])
    (letter,) = [parse(record) for record in await read_topic(settings.topic("dead_letters"))]
    assert letter is not None
    assert letter.value is not None
    assert (letter.key, letter.headers, letter.stage) == (b"key", (("a", b"b"),), "read")
    assert len(value) - 5_000 < len(letter.value) < len(value)
    assert value.startswith(letter.value)
    assert (letter.value_length, letter.value_sha256) == (len(value), hashlib.sha256(value).hexdigest())
    with pytest.raises(UserError, match=r"part of its value.*send the article again"):
        await requeue(settings, [letter.id])


async def test_one_sent_back_keeps_key_headers_and_time_when_it_fails_again(
    settings: Settings, read_topic: ReadTopic
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=400)
    sent_ms = int(long_ago.timestamp() * 1000)
    bad = Origin(settings.topic("events"), 0, 17, sent_ms, b"key", b"no json", [("a", b"1"), ("a", b"2")])
    good = Origin(settings.topic("articles"), 0, 18, sent_ms, b"artikel-0", write(article()), [("a", b"1")])
    await put_aside(settings, bad, good)
    await requeue(settings, None)
    async with running(settings) as store:
        await read_up_to(store, settings, 2)
    found = [parse(record) for record in await read_topic(settings.topic("dead_letters"))]
    (again,) = [letter for letter in found if letter and letter.original_offset != bad.offset and letter.tries > 1]
    assert (again.key, again.value, again.headers) == (bad.key, bad.value, tuple(bad.headers))
    assert (again.timestamp_ms, again.tries) == (sent_ms, 2)
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as connection:
        ((first_seen,),) = connection.execute("SELECT first_seen_at FROM articles").fetchall()
    assert datetime.fromisoformat(first_seen) == datetime.fromtimestamp(sent_ms / 1000, UTC)


async def put_aside(settings: Settings, *origins: Origin) -> None:
    """As if each had become a dead letter."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers)
    await producer.start()
    for origin in origins:
        letter = dead_letter(
            origin, Failure("read", "ValueError", "as a test"), connector="test", class_name="test", max_bytes=100_000
        )
        await (await send_message(producer, settings.topic("dead_letters"), letter))
    await producer.stop()


async def test_a_sink_whose_offsets_another_has_moved_reads_anew(settings: Settings) -> None:
    one, other = [article(1)], [article(2)]
    await send(settings, processed([*one, *other]))
    async with running(settings) as store:
        await read_up_to(store, settings, 10)
        # Another sink, thought dead, has moved the offsets: here back to the beginning, so that all must be read again.
        store.forget_offsets(settings.sink_group)
        await send(settings, processed(one, "test-2", 1))
        await read_up_to(store, settings, 13)
        assert set(store.events()) == expected(one, "test-2", 1) | expected(other)


async def test_two_sinks_share_the_partitions_and_no_row_is_lost(settings: Settings) -> None:
    articles = [article(number) for number in range(80)]
    async with running(settings) as store:
        await send(settings, processed(articles[:40]))
        async with running(settings):
            await send(settings, processed(articles[40:]))
            await stored(store, events=240)
        await send(settings, processed(articles, "test-2", 1))
        await stored(store, events=80)
        await read_up_to(store, settings, 400 + 240)
        assert set(store.events()) == expected(articles, "test-2", 1)
        assert store.check() == []


async def test_from_beginning_fills_a_database_again(settings: Settings) -> None:
    articles = [article(number) for number in range(5)]
    await send(settings, processed(articles))
    async with running(settings) as store:
        await stored(store, events=15)
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM articles")
    async with running(settings, from_beginning=True) as store:
        await stored(store, events=15)
        assert set(store.events()) == expected(articles)


async def test_a_topic_made_anew_is_no_silent_standstill(settings: Settings) -> None:
    with closing(open_store(settings.database_url)) as store:
        store.write([], settings.sink_group, {Partition(settings.topic("events"), 0): Advance(None, 1_000)})
    with pytest.raises(UserError, match=r"made anew.*--from-beginning"):
        await asyncio.wait_for(Sink(settings).run(), 30)


async def test_missing_topics_are_named(settings: Settings) -> None:
    with pytest.raises(UserError, match=r"nowhere-events.*lagebild topics create"):
        await Sink(settings.model_copy(update={"topic_prefix": "nowhere-"})).run()


async def test_the_time_from_article_to_row_is_observed(settings: Settings, service: Service) -> None:
    one = article()
    events = findings(one)
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers)
    await producer.start()
    for event in events:
        await producer.send_and_wait(settings.topic("events"), write(event), one.id.encode())
    headers = [("lagebild.article-timestamp", b"1700000000000")]
    await producer.send_and_wait(settings.topic("extractions"), write(receipt(one, events)), b"k", headers=headers)
    await producer.stop()
    async with database(settings) as store:
        with service:
            await stored(store, events=3)
            await asyncio.to_thread(until, lambda: service.metric("lagebild_end_to_end_seconds_count") == 1, "observed")
            assert service.metric("lagebild_end_to_end_seconds_sum") > 60 * 60 * 24
            # The lag is asked of the broker every few seconds.
            await asyncio.to_thread(
                until, lambda: "lagebild_consumer_lag_messages{" in service.get("/metrics")[1], "lag"
            )
            await asyncio.to_thread(until, lambda: service.metric("lagebild_consumer_lag_messages") == 0, "no lag")
