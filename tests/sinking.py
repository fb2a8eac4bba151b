"""The sink in a test's own process, and what goes into its topics. Tests alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer

from schemas import Article, Event, Extraction, write
from services.common.settings import Settings
from services.sink import Sink
from services.storage import Store, open_store
from tests.findings import findings, receipt

PATIENCE_SECONDS = 120.0


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
        async with asyncio.timeout(PATIENCE_SECONDS):
            await task
        store.close()


async def stored(store: Store, **counts: int) -> None:
    """Wait until the store has these counts."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any(getattr(store.counts(), name) != number for name, number in counts.items()):  # noqa: ASYNC110 - a database tells no one
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
    """The events that readers must see."""
    return {event for one in articles for event in findings(one, extractor, count)}


async def read_up_to(store: Store, settings: Settings, messages: int) -> None:
    """Wait until the stored offsets say that so many messages have been read, dead letters aside."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while read_so_far(store, settings) < messages:  # noqa: ASYNC110 - nor here
            await asyncio.sleep(0.05)


def read_so_far(store: Store, settings: Settings) -> int:
    """How many messages the stored offsets say have been read, dead letters aside."""
    offsets = store.offsets(settings.sink_group)
    return sum(following for (topic, _), following in offsets.items() if topic != settings.topic("dead_letters"))
