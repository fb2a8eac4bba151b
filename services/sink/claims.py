"""The claims: brought up to date after the rows, and sent to their topic.

What is to be sent stands in the database's outbox, written in one transaction with the claims. It is taken out after
the broker has confirmed it: after a crash some claims are sent once more, none is missed, and in a compacted topic the
last one counts.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import NAMESPACE_OID, uuid5

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError, RequestTimedOutError

from schemas import Claim, write
from services.common import metrics
from services.common.cloudevents import headers_for
from services.common.logging import get_logger
from services.common.settings import Settings
from services.storage import ClaimMessage, Retryable, Store

log = get_logger(__name__)

SOURCE = "/lagebild/sink"
CHANGES = 500
"""Most changes of articles taken up in one transaction: writers of rows wait for it where the database is SQLite."""
ENVELOPE_BYTES = 2_000
"""Room in a message for its key and headers."""


class Claims:
    """Keeps the claims of a store up to date and sends those that change.

    Args:
        settings: topic, size of messages, pause.
        store: the database.
        producer: a started producer that confirms.
        stopping: set when the service stops.
    """

    def __init__(self, settings: Settings, store: Store, producer: AIOKafkaProducer, stopping: asyncio.Event) -> None:
        self._settings = settings
        self._store = store
        self._producer = producer
        self._stopping = stopping

    async def run(self) -> None:
        """Work until stopped; wait while the database or the broker is away.

        Raises:
            aiokafka.errors.KafkaError: the broker refuses a claim.
        """
        while not self._stopping.is_set():
            more = False
            try:
                more = await self._refresh()
                await self._send()
                metrics.LAST_SUCCESS.labels("claims").set_to_current_time()
            except Retryable as error:
                log.info("claims wait for the database", reason=str(error))
            except (KafkaConnectionError, KafkaTimeoutError, RequestTimedOutError) as error:
                log.warning("claims are not confirmed yet", reason=str(error) or type(error).__name__)
            if not more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), self._settings.claims_seconds)

    async def _refresh(self) -> bool:
        """Take up changes; whether more of them wait."""
        with metrics.CLAIMS_SECONDS.time():
            done = await asyncio.to_thread(self._store.refresh_claims, CHANGES)
        metrics.CLAIM_CHANGES.set(done.waiting)
        return done.waiting > 0

    async def _send(self) -> None:
        turn = self._store.claims_turn()
        mine = await asyncio.to_thread(turn.__enter__)
        try:
            while mine and not self._stopping.is_set():
                messages = await asyncio.to_thread(self._store.unsent_claims)
                if not messages:
                    return
                await self._confirmed(messages)
                await asyncio.to_thread(self._store.claims_sent, messages)
        finally:
            await asyncio.to_thread(turn.__exit__, None, None, None)

    async def _confirmed(self, messages: Sequence[ClaimMessage]) -> None:
        """Send these and return when the broker has them all."""
        topic = self._settings.topic("claims")
        room = self._settings.max_message_bytes - ENVELOPE_BYTES
        sent = []
        for message in messages:
            value = fitted(message.claim, room) if message.claim else None
            headers = headers_for("claim", str(uuid5(NAMESPACE_OID, f"{message.claim_id} {value!r}")), SOURCE)
            sent.append(await self._producer.send(topic, value, message.claim_id.encode(), headers=headers))
        await asyncio.gather(*sent)
        for message in messages:
            metrics.CLAIMS_SENT.labels("claim" if message.claim else "tombstone").inc()


def fitted(claim: Claim, room: int) -> bytes:
    """The claim as it is sent: where it is too long for a message, with fewer of its reports; the counts stay.

    Args:
        room: most bytes.
    """
    while len(value := write(claim)) > room and claim.reports:
        claim = claim.model_copy(update={"reports": claim.reports[: len(claim.reports) // 2]})
    return value
