"""Sending dead letters back to where they came from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas import DeadLetter
from services.common.errors import UserError
from services.common.kafka import explain, make_producer, probe
from services.common.settings import KafkaSettings
from services.dead_letters.message import Message, send
from services.dead_letters.reading import read_dead_letters
from services.dead_letters.record import TRIES, requeue_marker, timed


@dataclass(frozen=True)
class Requeued:
    """A dead letter sent back: its id, and the topic, partition and offset where the broker has put it."""

    id: str
    topic: str
    partition: int
    offset: int


async def requeue(settings: KafkaSettings, ids: Iterable[str] | None) -> list[Requeued]:
    """Send dead letters back to their topics, with key, value, headers and time as they came.

    A header counts the tries. The send is confirmed before the mark that says so is written: where the command
    is cut off between the two, the next one sends the message again, and processing it again changes nothing.

    Args:
        settings: where the broker is and what the topics are called.
        ids: ids of the dead letters; None takes all that have not been sent back yet.

    Raises:
        UserError: an id is unknown, or a value has been cut; then nothing is sent. Or the broker refuses.
    """
    chosen = await _choose(settings, ids)
    for letter in chosen:
        _refuse_cut(letter)
    await probe(settings)
    producer = make_producer(settings)
    try:
        await producer.start()
        return [await _send_back(producer, settings, letter) for letter in chosen]
    except KafkaError as error:
        raise explain(error, settings) from error
    finally:
        await producer.stop()


async def _choose(settings: KafkaSettings, ids: Iterable[str] | None) -> list[DeadLetter]:
    wanted = None if ids is None else list(ids)
    # One id may stand twice: the extractor was killed between the dead letter and its commit. One is sent.
    found = {
        letter.id: letter
        async for letter in read_dead_letters(settings)
        if (letter.id in wanted if wanted is not None else _worth_sending(letter))
    }
    unknown = [name for name in wanted or () if name not in found]
    if unknown:
        raise UserError(
            f"there is no dead letter {unknown[0]}", remedy="`lagebild dead-letters list` shows those that there are"
        )
    return list(found.values())


def _worth_sending(letter: DeadLetter) -> bool:
    return not letter.requeued and letter.value_sha256 is None


def _refuse_cut(letter: DeadLetter) -> None:
    if letter.value_sha256 is not None:
        raise UserError(
            f"the dead letter {letter.id} holds a part of its value only: the whole, {letter.value_length} bytes, "
            "was larger than the broker takes",
            remedy="send the article again from its source, made shorter",
        )


async def _send_back(producer: AIOKafkaProducer, settings: KafkaSettings, letter: DeadLetter) -> Requeued:
    headers = [*letter.headers, (TRIES, str(letter.tries).encode())]
    back = timed(Message(letter.key, letter.value, headers, letter.timestamp_ms), datetime.now(UTC))
    sent = await (await send(producer, letter.topic, back))
    await (await send(producer, settings.topic("dead_letters"), requeue_marker(letter)))
    return Requeued(letter.id, sent.topic, sent.partition, sent.offset)
