"""Messages that cannot be stored, into the dead letters."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiokafka import AIOKafkaProducer

from services.common import metrics
from services.common.logging import get_logger
from services.common.settings import Settings
from services.dead_letters.limit import DeadLetterLimit
from services.dead_letters.message import send
from services.dead_letters.record import Failure, Origin, dead_letter

log = get_logger(__name__)

Report: TypeAlias = Callable[[Origin, Failure], Awaitable[None]]
"""Puts a message into the dead letters; returns when the broker has confirmed it."""


class Reporter:
    """Sends dead letters, and counts them against the limit.

    Args:
        settings: topic, size and limit.
        producer: a started producer that confirms.
        class_name: what the failing messages were given to, for the dead letter.
    """

    def __init__(self, settings: Settings, producer: AIOKafkaProducer, class_name: str) -> None:
        self._settings = settings
        self._producer = producer
        self._class_name = class_name
        self.limit = DeadLetterLimit.of(settings)

    async def __call__(self, origin: Origin, failure: Failure) -> None:
        """Send one dead letter and wait until the broker has confirmed it.

        Raises:
            aiokafka.errors.KafkaError: it was not confirmed.
        """
        letter = dead_letter(
            origin,
            failure,
            connector=self._settings.sink_group,
            class_name=self._class_name,
            max_bytes=self._settings.max_message_bytes,
        )
        await (await send(self._producer, self._settings.topic("dead_letters"), letter))
        log.warning("dead letter", id=origin.id, stage=failure.stage, reason=failure.message)
        metrics.DEAD_LETTERS.labels("sink", failure.stage, failure.exception).inc()
