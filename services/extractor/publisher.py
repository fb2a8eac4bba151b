"""Sending what an extraction found, so that the broker has it before the article is acknowledged."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

from aiokafka import AIOKafkaProducer

from services.common import metrics, tracing
from services.common.cloudevents import ARTICLE_TIMESTAMP, headers_for
from services.common.settings import Settings
from services.dead_letters.message import Headers, Message, send
from services.dead_letters.record import Failure, Origin, dead_letter
from services.extractor.work import Extracted, Outcome

SOURCE = "/lagebild/extractor"
CLASS_NAME = "services.extractor.work.read_message"


class Publisher:
    """Sends event records, receipts and dead letters.

    Faust's own producer is not used: it is not idempotent outside of transactions, and takes headers as a mapping,
    so that of two headers of one name, which Kafka allows, a dead letter would keep one.
    """

    def __init__(self, settings: Settings, producer: AIOKafkaProducer) -> None:
        self._settings = settings
        self._producer = producer

    def checked(self, outcome: Outcome, context: Headers = ()) -> Outcome:
        """The outcome as it can be sent: one with a record over the broker's limit becomes a failure of the article.

        All or nothing: with half of an article's events its receipt would not be true. `context` are the headers of
        the trace that the records will carry.
        """
        if isinstance(outcome, Failure):
            return outcome
        limit = self._settings.max_message_bytes
        largest = max(message.size for message in (*self._events(outcome, context), self._receipt(outcome, 0, context)))
        if largest <= limit:
            return outcome
        reason = f"a record made from the article takes {largest} bytes, and the broker takes {limit}"
        return Failure("send", "aiokafka.errors.MessageSizeTooLargeError", reason)

    async def publish(
        self, results: Sequence[tuple[Origin, Outcome]], spans: Iterable[tracing.Span] = repeat(tracing.NOT_TRACED)
    ) -> None:
        """Send all that the results ask for and wait until the broker has confirmed it.

        Events and dead letters go first; the receipts follow when those are confirmed, so that a receipt never
        names an event that is not there.

        Args:
            results: each message with what came of it.
            spans: the work on each message: what is made from it goes on with its trace. A dead letter has the
                trace of its message already.

        Raises:
            aiokafka.errors.KafkaError: the broker did not confirm. What was sent before may be there.
        """
        names = self._settings.topic
        found = [
            (origin, outcome, span.headers)
            for (origin, outcome), span in zip(results, spans, strict=False)
            if isinstance(outcome, Extracted)
        ]
        dead = [self._dead_letter(o, outcome) for o, outcome in results if isinstance(outcome, Failure)]
        events = [message for _, outcome, context in found for message in self._events(outcome, context)]
        await self._confirmed([(names("events"), m) for m in events] + [(names("dead_letters"), m) for m in dead])
        receipts = [self._receipt(outcome, origin.timestamp_ms, context) for origin, outcome, context in found]
        await self._confirmed([(names("extractions"), receipt) for receipt in receipts])
        _count(outcome for _, outcome in results)

    async def _confirmed(self, messages: Iterable[tuple[str, Message]]) -> None:
        confirmations: list[asyncio.Future[Any]] = [
            await send(self._producer, topic, message) for topic, message in messages
        ]
        await asyncio.gather(*confirmations)

    def _events(self, outcome: Extracted, context: Headers) -> list[Message]:
        key = outcome.article_id.encode()
        return [
            Message(key, e.value, [*headers_for(f"event.{e.type}", e.id, SOURCE, _now()), *context])
            for e in outcome.events
        ]

    def _receipt(self, outcome: Extracted, article_ms: int, context: Headers) -> Message:
        headers = headers_for("extraction", outcome.receipt_id, SOURCE, _now())
        # With it the sink knows how long the article took to become rows.
        headers.append((ARTICLE_TIMESTAMP, str(article_ms).encode()))
        return Message(outcome.article_id.encode(), outcome.receipt, [*headers, *context])

    def _dead_letter(self, origin: Origin, failure: Failure) -> Message:
        return dead_letter(
            origin,
            failure,
            connector=self._settings.extractor_group,
            class_name=CLASS_NAME,
            max_bytes=self._settings.max_message_bytes,
        )


def _now() -> int:
    return int(time.time() * 1000)


def _count(outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            metrics.DEAD_LETTERS.labels("extractor", outcome.stage, outcome.exception).inc()
            metrics.ARTICLES_PROCESSED.labels("dead_letter").inc()
            continue
        metrics.EXTRACTION_SECONDS.observe(outcome.seconds)
        metrics.ARTICLES_PROCESSED.labels("events" if outcome.events else "no_events").inc()
        for event in outcome.events:
            metrics.EVENTS_EXTRACTED.labels(event.type, event.status).inc()
