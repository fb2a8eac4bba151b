"""What waits for a consumer group, asked of the broker from outside: for a person. Metrics come from the services."""

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.common.kafka import client_options, explain
from services.common.settings import KafkaSettings
from services.common.topics import TopicState


async def messages_waiting(settings: KafkaSettings, group: str, topics: Iterable[TopicState]) -> dict[str, int]:
    """Messages of each topic that the group has not finished, by the offsets that it has committed to Kafka.

    Args:
        settings: where the broker is.
        group: consumer group. It is not joined, so its members keep their partitions.
        topics: topics that exist.

    Raises:
        UserError: the broker cannot be reached, or this user may not read the group's offsets.
    """
    partitions = {
        state.spec.name: [TopicPartition(state.spec.name, n) for n in range(state.partitions)] for state in topics
    }
    consumer = AIOKafkaConsumer(**client_options(settings), group_id=group, enable_auto_commit=False)
    try:
        await consumer.start()
        consumer.assign([partition for found in partitions.values() for partition in found])
        return {topic: sum([await _waiting(consumer, one) for one in found]) for topic, found in partitions.items()}
    except KafkaError as error:
        raise explain(error, settings) from error
    finally:
        await consumer.stop()


async def _waiting(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int:
    first = (await consumer.beginning_offsets([partition]))[partition]
    end = (await consumer.end_offsets([partition]))[partition]
    # What Kafka has deleted waits no more.
    finished = max(await consumer.committed(partition) or 0, first)
    return int(max(0, end - finished))
