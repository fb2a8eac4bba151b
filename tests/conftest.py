"""One real broker for the whole test session, and for each test that asks: settings and topics of its own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from services.broker import LocalBroker
from services.common.settings import Settings
from services.common.topics import create_topics, topic_specs
from tests.databases import url  # noqa: F401 - a fixture, for all tests
from tests.postgres import postgres  # noqa: F401 - a fixture, for all tests
from tests.streams import own_settings

ReadTopic = Callable[[str], Awaitable[list[ConsumerRecord]]]
RawRecord = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]]
SendRaw = Callable[[str, Sequence[RawRecord]], Awaitable[None]]


@pytest.fixture(scope="session", autouse=True)
def _own_environment() -> Iterator[None]:
    """Neither a LAGEBILD_ variable of the person who runs the tests nor a shell's `&` decides their result."""
    # A shell starts what it puts in the background deaf to SIGINT, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("LAGEBILD_")]:
            if name != "LAGEBILD_KAFKA_CACHE":
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """host:port of a real Kafka that lives as long as the test session."""
    with LocalBroker(log_file=tmp_path_factory.mktemp("broker") / "kafka.log") as running:
        yield running.bootstrap_servers


@pytest.fixture
async def settings(broker: str, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings on the broker with topics, groups and a database of this test alone; the topics exist."""
    settings = own_settings(broker, tmp_path, database=f"sqlite:///{tmp_path}/lagebild.db")
    prefix = settings.topic_prefix
    async with _admin(broker) as admin:
        await create_topics(settings)
        # The broker confirms a topic some milliseconds before its metadata show it.
        while len(await _names(admin, prefix)) < len(topic_specs(settings)):  # noqa: ASYNC110 - Kafka tells no one
            await asyncio.sleep(0.02)
        yield settings
        await admin.delete_topics(await _names(admin, prefix))


@pytest.fixture
def read_topic(broker: str) -> ReadTopic:
    """`await read_topic(name)`: every record of the topic, from its beginning to its end at the time of the call."""

    async def read(topic: str) -> list[ConsumerRecord]:
        partitions = await _partitions(broker, topic)
        consumer = AIOKafkaConsumer(bootstrap_servers=broker, enable_auto_commit=False)
        await consumer.start()
        try:
            return await _read_to_end(consumer, partitions)
        finally:
            await consumer.stop()

    return read


@pytest.fixture
def send_raw(broker: str) -> SendRaw:
    """`await send_raw(name, [(key, value, headers), …])`: messages of any bytes, confirmed; None for a tombstone."""

    async def send(topic: str, records: Sequence[RawRecord]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=broker, acks="all", enable_idempotence=True)
        await producer.start()
        try:
            for key, value, headers in records:
                await producer.send_and_wait(topic, value, key, headers=headers)
        finally:
            await producer.stop()

    return send


async def _read_to_end(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> list[ConsumerRecord]:
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ends = await consumer.end_offsets(partitions)
    records: list[ConsumerRecord] = []
    while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
        for batch in (await consumer.getmany(timeout_ms=200)).values():
            records.extend(batch)
    return records


async def _partitions(broker: str, topic: str) -> list[TopicPartition]:
    async with _admin(broker) as admin:
        (found,) = await admin.describe_topics([topic])
    # A misspelt name must not read as an empty topic.
    assert found["partitions"], f"topic {topic} does not exist"
    return [TopicPartition(topic, partition["partition"]) for partition in found["partitions"]]


async def _names(admin: AIOKafkaAdminClient, prefix: str) -> list[str]:
    return [name for name in await admin.list_topics() if name.startswith(prefix)]


@asynccontextmanager
async def _admin(broker: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
