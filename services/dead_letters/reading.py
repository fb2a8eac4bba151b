"""Reading the dead-letters topic from its beginning to where it ends now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas import DeadLetter
from services.common.kafka import client_options, explain
from services.common.logging import get_logger
from services.common.settings import KafkaSettings
from services.common.topics import require_topics
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
    (topic,) = await require_topics(settings, "dead_letters")
    partitions = [TopicPartition(topic.spec.name, number) for number in range(topic.partitions)]
    try:
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
