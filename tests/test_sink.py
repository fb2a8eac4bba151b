"""The sink on a real broker: what goes into the topics stands in the database, once, whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer

from schemas import Article, Event, Extraction, write
from services.common.settings import Settings
from services.sink import Sink
from services.storage import Store, open_store
from tests.findings import article, findings, receipt

PATIENCE_SECONDS = 30.0


@asynccontextmanager
async def running(settings: Settings, **options: bool) -> AsyncIterator[Store]:
    """The sink in this process, and its database."""
    store = open_store(settings.database_url)
    sink = Sink(settings, **options)
    task = asyncio.create_task(sink.run())
    try:
        yield store
    finally:
        sink.stop()
        await asyncio.wait_for(task, PATIENCE_SECONDS)
        store.close()


async def stored(store: Store, **counts: int) -> None:
    """Wait until the store has these counts."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any(getattr(store.counts(), name) != number for name, number in counts.items()):
            await asyncio.sleep(0.05)


async def send(settings: Settings, records: Sequence[Article | Event | Extraction]) -> None:
    """Send records to their topics, keyed by the article's id, in this order, all confirmed."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers, acks="all", linger_ms=5)
    await producer.start()
    try:
        sent = []
        for record in records:
            match record:
                case Article():
                    topic, key = settings.topic("articles"), record.id
                case Extraction():
                    topic, key = settings.topic("extractions"), record.article_id
                case _:
                    topic, key = settings.topic("events"), record.article.id
            sent.append(await producer.send(topic, write(record), key.encode()))
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


def processed(
    articles: Sequence[Article], extractor: str = "test-1", count: int = 3
) -> list[Article | Event | Extraction]:
    """All records about the articles, as producer and extractor send them."""
    records: list[Article | Event | Extraction] = []
    for one in articles:
        events = findings(one, extractor, count)
        records += [one, *events, receipt(one, events, extractor)]
    return records


def expected(articles: Sequence[Article], extractor: str = "test-1", count: int = 3) -> set[Event]:
    return {event for one in articles for event in findings(one, extractor, count)}


async def test_rows_equal_the_records_sent(settings: Settings) -> None:
    articles = [article(number) for number in range(40)]
    await send(settings, processed(articles))
    async with running(settings) as store:
        await stored(store, articles=40, extractions=40, events=120, pending=0)
        assert set(store.events()) == expected(articles)
        assert store.check() == []


async def test_a_replay_changes_no_row(settings: Settings) -> None:
    articles = [article(number) for number in range(10)]
    async with running(settings) as store:
        for times in (1, 2, 3):
            await send(settings, processed(articles))
            await read_up_to(store, settings, sum((10, 30, 10)) * times)
            assert set(store.events()) == expected(articles)
            assert (store.counts().articles, store.counts().pending, store.check()) == (10, 0, [])


async def read_up_to(store: Store, settings: Settings, messages: int) -> None:
    """Wait until the stored offsets say that so many messages have been read."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while sum(store.offsets(settings.sink_group).values()) < messages:
            await asyncio.sleep(0.05)


async def test_a_newer_extractor_replaces_the_older_findings(settings: Settings) -> None:
    articles = [article(number) for number in range(10)]
    async with running(settings) as store:
        await send(settings, processed(articles))
        await stored(store, events=30)
        await send(settings, processed(articles, "test-2", count=2))
        await stored(store, events=20)
        await read_up_to(store, settings, 50 + 40)
        assert set(store.events()) == expected(articles, "test-2", 2)


async def test_a_restart_goes_on_where_the_rows_end(settings: Settings) -> None:
    first, second = [article(number) for number in range(5)], [article(number) for number in range(5, 10)]
    await send(settings, processed(first))
    async with running(settings) as store:
        await stored(store, events=15)
        before = store.offsets(settings.sink_group)
    await send(settings, processed(second))
    async with running(settings) as store:
        await stored(store, events=30)
        after = store.offsets(settings.sink_group)
    assert sum(after.values()) - sum(before.values()) == 25
    assert sum(after.values()) == 50
