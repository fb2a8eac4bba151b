"""The loop: take a batch, extract, send, wait for the broker's confirmation, acknowledge in order.

What Faust 0.15.3 does makes it look as it does:

- An agent whose body ends, by an error too, has its messages acknowledged. So no error leaves the body: it is
  handed to `on_error`, which ends the process, and the body waits for that.
- `noack_take` gives the stream its former habit of acknowledging by itself back when it ends, while messages still
  run through it. So that habit is switched off before.
- Offsets acknowledged out of order can be committed past one that is still in work (faust #606). So there is one
  batch at a time, acknowledged in the order in which it came.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from aiokafka.structs import TopicPartition
from faust import Stream
from faust.types import EventT

from services.common import metrics, tracing
from services.common.logging import get_logger
from services.common.settings import Settings
from services.dead_letters.limit import DeadLetterLimit
from services.dead_letters.record import Failure, Origin, original_time
from services.extractor.pool import ExtractionPool
from services.extractor.progress import Progress
from services.extractor.publisher import Publisher
from services.extractor.work import Outcome

log = get_logger(__name__)


class ExtractionLoop:
    """Everything between a message and its acknowledgement.

    Args:
        settings: size of the batches and how long to wait for a full one.
        pool: extracts.
        publisher: sends.
        progress: is told how far it has come.
        limit: says when too many dead letters stop the loop.
        on_error: ends the process.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        pool: ExtractionPool,
        publisher: Publisher,
        progress: Progress,
        limit: DeadLetterLimit,
        on_error: Callable[[Exception], Any],
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._publisher = publisher
        self._progress = progress
        self._limit = limit
        self._on_error = on_error

    async def run(self, stream: Stream[Any]) -> None:
        """Process the stream until the service stops. Never returns by itself, and never raises an error."""
        try:
            await self._run(stream)
        except Exception as error:  # noqa: BLE001 - an error that left the agent would acknowledge its messages
            await self._on_error(error)
        await asyncio.Event().wait()

    async def _run(self, stream: Stream[Any]) -> None:
        stream.enable_acks = False
        size, seconds = self._settings.extractor_batch_size, self._settings.extractor_batch_seconds
        async for batch in stream.noack_take(size, within=seconds):
            await self.settle(batch)
            if self._limit.reason is not None:
                await self._stand_still(stream)

    async def settle(self, batch: Sequence[EventT[Any]]) -> None:
        """Process a batch and acknowledge it. After an error nothing of it is acknowledged.

        Where the dead letters reach their limit, the rest of the batch stays unacknowledged.
        """
        origins = [_origin(event) for event in batch]
        metrics.ARTICLES_CONSUMED.inc(len(batch))
        metrics.BATCH_SIZE.observe(len(batch))
        self._progress.begin(origins)
        spans = [tracing.processing(origin) for origin in origins]
        found = await self._pool.read([origin.value for origin in origins])
        checked = [self._publisher.checked(o, span.headers) for o, span in zip(found, spans, strict=True)]
        results = self._within_limit(origins, checked)
        await self._publisher.publish(results, spans)
        for event, span, (origin, outcome) in zip(batch, spans, results, strict=False):
            event.ack()
            span.end(outcome.message if isinstance(outcome, Failure) else None)
            self._progress.finish(TopicPartition(origin.topic, origin.partition), origin.offset)
        metrics.LAST_SUCCESS.labels("extractor").set(time.time())

    def _within_limit(self, origins: Sequence[Origin], outcomes: Sequence[Outcome]) -> list[tuple[Origin, Outcome]]:
        results: list[tuple[Origin, Outcome]] = []
        for origin, outcome in zip(origins, outcomes, strict=True):
            if self._limit.reason is not None:
                break
            dead = isinstance(outcome, Failure)
            if isinstance(outcome, Failure):
                log.warning("dead letter", id=origin.id, stage=outcome.stage, reason=outcome.message)
            self._limit.record(dead=dead)
            results.append((origin, outcome))
        return results

    async def _stand_still(self, stream: Stream[Any]) -> None:
        """Acknowledge nothing more, yet keep the partitions: another worker would only go the same way."""
        metrics.DEAD_LETTER_LIMIT.set(1)
        log.error("stopped by dead letters", reason=self._limit.reason, remedy="mend the cause, then restart")
        for seconds in count():
            # Faust waits for all messages that it has handed out before it gives partitions back or leaves.
            stream.app.consumer.unacked.clear()
            await asyncio.sleep(0.2 if seconds else 0)


def _origin(event: EventT[Any]) -> Origin:
    message = event.message
    headers = message.headers or ()
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    carried = tuple((str(name), value) for name, value in pairs)
    return Origin(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        timestamp_ms=original_time(carried, round(message.timestamp * 1000)),
        key=message.key,
        value=message.value,
        headers=carried,
    )
