"""Reading the dead-letters topic from its beginning to where it ends now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from schemas import DeadLetter
from services.common.errors import UserError
from services.common.kafka import client_options, explain, probe
from services.common.logging import get_logger
from services.common.settings import KafkaSettings
from services.dead_letters.record import marked, parse

log = get_logger(__name__)

POLL_MS = 500


async def read_dead_letters(settings: KafkaSettings) -> AsyncIterator[DeadLetter]:
    """All dead letters that the topic holds now, partition by partition in the order of their arrival.

    The topic is read twice: first for the marks of those that have been sent back, so that memory holds their
    ids alone and never all the messages. Records that are no dead letters are logged and passed over.

    Raises:
        UserError: the broker cannot be reached or refuses, or the topic does not exist.
    """
    await probe(settings)
    try:
        partitions = await _partitions(settings)
        async with _consumer(settings, partitions) as consumer:
            ends = await consumer.end_offsets(partitions)
            requeued = {mark async for record in _records(consumer, ends) if (mark := marked(record.headers))}
            async for record in _records(consumer, ends):
                if marked(record.headers):
                    continue
                letter = parse(record)
                if letter is None:
                    log.warning("record is no dead letter", partition=record.partition, offset=record.offset)
                else:
                    yield letter.model_copy(update={"requeued": letter.id in requeued})
    except KafkaError as error:
        raise explain(error, settings) from error


async def _partitions(settings: KafkaSettings) -> list[TopicPartition]:
    topic = settings.topic("dead_letters")
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        (found,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    if not found["partitions"]:
        raise UserError(f"the topic {topic} does not exist", remedy="create it with `lagebild topics create`")
    return [TopicPartition(topic, partition["partition"]) for partition in found["partitions"]]


@asynccontextmanager
async def _consumer(settings: KafkaSettings, partitions: list[TopicPartition]) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(**client_options(settings), group_id=None, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(partitions)
        yield consumer
    finally:
        await consumer.stop()


async def _records(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> AsyncIterator[Any]:
    for partition, end in sorted(ends.items()):
        consumer.pause(*(other for other in ends if other != partition))
        consumer.resume(partition)
        await consumer.seek_to_beginning(partition)
        while await consumer.position(partition) < end:
            batch = await consumer.getmany(partition, timeout_ms=POLL_MS)
            for record in batch.get(partition, ()):
                if record.offset < end:
                    yield record
