"""A message to be sent, its size, and the one way to send it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Worker processes import this module and have no use for a Kafka client.
    from aiokafka import AIOKafkaProducer

RECORD_OVERHEAD = 512
"""Bytes that Kafka's record and batch headers add at most (batch 61, record about 20), and room to spare."""

Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True)
class Message:
    """A message to be sent. `timestamp_ms` is milliseconds since 1970; None takes the time of sending."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int | None = None

    @property
    def size(self) -> int:
        """Bytes it takes at most, uncompressed, with Kafka's own headers."""
        headers = sum(len(name.encode()) + len(value or b"") + 10 for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers + RECORD_OVERHEAD


async def send(producer: "AIOKafkaProducer", topic: str, message: Message) -> "asyncio.Future[Any]":
    """Hand a message to the producer. The future it gives is done when the broker has confirmed the message.

    Raises:
        aiokafka.errors.KafkaError: here or from the future: it was not accepted, or not in time.
    """
    # Kafka takes a message with neither key nor value, aiokafka (0.14) does not: it goes with an empty value.
    empty = message.key is None and message.value is None
    confirmation: asyncio.Future[Any] = await producer.send(
        topic,
        b"" if empty else message.value,
        key=message.key,
        headers=list(message.headers),
        timestamp_ms=message.timestamp_ms,
    )
    return confirmation
