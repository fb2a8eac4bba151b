"""Batches into the store: retried while the database is away, taken apart where one record cannot be stored.

After Kafka Connect's JDBC sink: a failing batch is written again one record at a time, and only the bad one is
reported.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError, RequestTimedOutError

from services.common import metrics
from services.common.logging import get_logger
from services.dead_letters.limit import DeadLetterLimit
from services.dead_letters.record import Failure
from services.sink.messages import Message
from services.sink.reporter import Report
from services.storage import Advance, Change, Partition, Retryable, Store, Unstorable, WriteOutcome

log = get_logger(__name__)
T = TypeVar("T")

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0


class Abandoned(Exception):
    """The batch need not be written any more: the service stops, or its partitions have gone to another sink."""


class Writer:
    """Writes batches of messages.

    Args:
        store: the database.
        group: consumer group whose offsets it keeps.
        report: takes what cannot be read or stored.
        limit: is told of every message, and says when too many are dead letters.
        touch: called whenever something has moved.
    """

    def __init__(
        self, store: Store, group: str, *, report: Report, limit: DeadLetterLimit, touch: Callable[[], None]
    ) -> None:
        self._store = store
        self._group = group
        self._report = report
        self._limit = limit
        self._touch = touch
        self.trouble: str | None = None

    async def write(
        self, messages: Sequence[Message], stored: Mapping[Partition, int], wanted: Callable[[], bool]
    ) -> dict[Partition, int]:
        """Write a batch and the offsets after it. Returns the offsets stored then, for its partitions.

        Args:
            messages: in the order of each partition.
            stored: the offsets stored so far.
            wanted: asked before each retry; once it says no, `Abandoned` is raised.

        Raises:
            Fenced: another sink has moved the offsets.
            Abandoned: the database is away and the batch is not wanted any more.
            aiokafka.errors.KafkaError: a dead letter was not confirmed; nothing is stored past it.
        """
        for message in messages:
            if message.failure is not None:
                await self._report_until_confirmed(message, message.failure, wanted)
        try:
            await self._store_all(messages, stored, wanted)
        except Unstorable as error:
            log.info("writing the batch one message at a time", messages=len(messages), reason=str(error))
            return await self._one_by_one(messages, stored, wanted)
        for message in messages:
            self._finished(message, message.failure)
        return _after(messages)

    def _finished(self, message: Message, failure: Failure | None) -> None:
        message.span.end(failure.message if failure else None)
        # What is already put aside says nothing of the messages that come now.
        if message.kind != "dead_letter":
            self._limit.record(dead=failure is not None)

    async def _one_by_one(
        self, messages: Sequence[Message], stored: Mapping[Partition, int], wanted: Callable[[], bool]
    ) -> dict[Partition, int]:
        now = dict(stored)
        for message in messages:
            failure = message.failure
            try:
                await self._store_all([message], now, wanted)
            except Unstorable as error:
                failure = _refusal(error)
                await self._put_aside(message, failure, wanted)
                metrics.ROWS_WRITTEN.labels(f"{message.kind}s", "rejected").inc()
                await self._store_all([Message(message.kind, message.origin)], now, wanted)
            now |= _after([message])
            self._finished(message, failure)
            if self._limit.reason is not None:
                break
        return now

    async def _put_aside(self, message: Message, failure: Failure, wanted: Callable[[], bool]) -> None:
        if message.kind == "dead_letter":
            # A dead letter of a dead letter would come back here, for ever. It is still in its topic.
            log.error("a dead letter has no row", id=message.origin.id, reason=failure.message)
        else:
            await self._report_until_confirmed(message, failure, wanted)

    async def _report_until_confirmed(self, message: Message, failure: Failure, wanted: Callable[[], bool]) -> None:
        """Put a message into the dead letters before its offset is stored: never after."""
        while True:
            try:
                return await self._report(message.origin, failure)
            except (KafkaConnectionError, KafkaTimeoutError, RequestTimedOutError) as error:
                log.warning("a dead letter is not confirmed yet", id=message.origin.id, reason=str(error))
            if not wanted():
                raise Abandoned
            self._touch()

    async def _store_all(
        self, messages: Sequence[Message], stored: Mapping[Partition, int], wanted: Callable[[], bool]
    ) -> None:
        """One transaction, tried until the database takes it, refuses it, or it is not wanted any more."""
        batch = [message.change for message in messages if message.change is not None]
        advances = {p: Advance(stored.get(p), following) for p, following in _after(messages).items()}
        outcome = await self.retry(lambda: self._timed(batch, advances), wanted)
        _count(messages, outcome)

    def _timed(self, batch: Sequence[Change], advances: Mapping[Partition, Advance]) -> WriteOutcome:
        with metrics.COMMIT_SECONDS.time():
            return self._store.write(batch, self._group, advances)

    async def retry(self, call: Callable[[], T], wanted: Callable[[], bool]) -> T:
        """Call the database in a thread until it answers.

        Raises:
            Abandoned: it is not wanted any more.
            Exception: whatever the call raises but `Retryable`.
        """
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                result = await asyncio.to_thread(call)
            except Retryable as error:
                self._note(str(error))
            else:
                self._note(None)
                return result
            if not wanted():
                raise Abandoned
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _note(self, trouble: str | None) -> None:
        # Waiting for a database is no standstill of this service: a restart would not mend it.
        self._touch()
        if trouble is not None:
            metrics.COMMIT_FAILURES.inc()
        if trouble is not None and self.trouble is None:
            log.warning("waiting for the database", reason=trouble)
        if trouble is None and self.trouble is not None:
            log.info("the database answers again")
        self.trouble = trouble


def _refusal(error: Unstorable) -> Failure:
    cause = error.__cause__ or error
    return Failure("store", f"{type(cause).__module__}.{type(cause).__qualname__}", str(error))


def _after(messages: Sequence[Message]) -> dict[Partition, int]:
    """The offset after the last message of each partition."""
    return {message.partition: message.origin.offset + 1 for message in messages}


def _count(messages: Sequence[Message], outcome: WriteOutcome) -> None:
    for table, number in (
        ("articles", outcome.articles),
        ("events", outcome.events),
        ("extractions", outcome.extractions),
        ("dead_letters", outcome.dead_letters),
    ):
        removed = outcome.removed.get(table, 0)
        metrics.ROWS_WRITTEN.labels(table, "removed").inc(removed)
        # The store counts removed articles and extractions with the written ones, but not the events.
        metrics.ROWS_WRITTEN.labels(table, "written").inc(number if table == "events" else number - removed)
    now = time.time()
    for message in messages:
        if message.kind == "extraction" and (sent := message.article_timestamp_ms) is not None:
            metrics.END_TO_END.observe(max(0.0, now - sent / 1000))
    metrics.LAST_SUCCESS.labels("sink").set(now)
