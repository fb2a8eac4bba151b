"""Reading the dead-letters topic from its beginning to where it ends now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
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
    topic = settings.topic("dead_letters")
    async with _consumer(settings) as consumer:
        partitions = await _partitions(consumer, topic)
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


@asynccontextmanager
async def _consumer(settings: KafkaSettings) -> AsyncIterator[AIOKafkaConsumer]:
    await probe(settings)
    consumer = AIOKafkaConsumer(**client_options(settings), group_id=None, enable_auto_commit=False)
    try:
        await consumer.start()
        yield consumer
    except KafkaError as error:
        raise explain(error, settings) from error
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    if topic not in await consumer.topics():
        raise UserError(f"the topic {topic} does not exist", remedy="create it with `lagebild topics create`")
    # A consumer without a group learns of a topic's partitions by its metadata, which topics() has just fetched.
    numbers = consumer.partitions_for_topic(topic) or set()
    partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
    consumer.assign(partitions)
    return partitions


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
