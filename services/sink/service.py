"""The sink as a service: start, loop, health, end.

Start: the web endpoints first, so that /readyz can say what is missing; then the database; then the broker is waited
for; then the group is joined. End: on SIGTERM the batch in work is written, and the group is
left; what was not written is read again by the next sink.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from importlib.metadata import version

from aiokafka.errors import KafkaError

from services.common import metrics, tracing
from services.common.errors import Unrecoverable, UserError
from services.common.kafka import BrokerUnreachable, explain, make_producer, wait_for_broker
from services.common.lag import Lag
from services.common.logging import get_logger
from services.common.settings import Settings
from services.common.topics import require_topics
from services.common.web import Health, serve
from services.sink.claims import Claims
from services.sink.messages import MessageReader
from services.sink.reporter import Reporter
from services.sink.source import Source
from services.sink.writer import Abandoned, Writer
from services.storage import Fenced, Partition, Retryable, Store, open_store

log = get_logger(__name__)

LEAVE_SECONDS = 9.0
"""Time after which the process ends by force: whoever sent SIGTERM sends SIGKILL after 10 s."""
LAG_SECONDS = 3.0
SILENCE_SECONDS = 15.0
"""Time without an answer after which the broker counts as away."""
PAUSE_SECONDS = 1.0
CLAIMS_END_SECONDS = 3.0
"""Longest wait for the claims' transaction under way when the service ends."""


class Sink:
    """The service. `run` returns after `stop`, or raises."""

    def __init__(self, settings: Settings, *, from_beginning: bool = False) -> None:
        self._settings = settings
        self._from_beginning = from_beginning
        self._stopping = asyncio.Event()
        self._reader = MessageReader(settings)
        self._lag: Lag[Partition] = Lag(settings.sink_group, settings.stall_seconds)
        self._database: str | None = "not opened yet"
        self._answered: float | None = None
        self._writer: Writer | None = None
        self._reporter: Reporter | None = None
        self.health = self._checks()

    def stop(self) -> None:
        """Ask it to end; from the event loop's thread."""
        self._stopping.set()

    async def run(self) -> None:
        """Read and store until stopped.

        Raises:
            UserError: something that a person must mend: the settings, the topics, rights, the database's version.
            Unrecoverable: it cannot go on; a restart goes on at the stored offsets.
        """
        async with AsyncExitStack() as exits:
            tracing.configure(self._settings, "sink")
            exits.push_async_callback(tracing.close)
            web = await serve(self.health, self._settings.web_host, self._settings.sink_web_port)
            exits.push_async_callback(web.close)
            log.info("web endpoints", host=self._settings.web_host, port=web.port)
            metrics.BUILD.info({"service": "sink", "version": version("lagebild")})
            store = await self._open()
            if store is None or not await self._broker_answers():
                return
            exits.callback(store.close)
            await require_topics(self._settings, group=self._settings.sink_group)
            producer = make_producer(self._settings)
            await producer.start()
            exits.push_async_callback(producer.stop)
            self._reporter = Reporter(self._settings, producer, "services.sink.writer.Writer")
            claims = Claims(self._settings, store, producer, self._stopping)
            await self._store_from_topics(store, self._reporter, claims)

    async def _open(self) -> Store | None:
        """The database; None where the service is stopped before it answers."""
        while not self._stopping.is_set():
            try:
                store = await asyncio.to_thread(open_store, self._settings.database_url)
                if self._from_beginning:
                    await asyncio.to_thread(store.forget_offsets, self._settings.sink_group)
            except Retryable as error:
                self._database = str(error)
                log.warning("waiting for the database", reason=str(error))
                await self._pause()
            else:
                self._database = None
                return store
        return None

    async def _broker_answers(self) -> bool:
        """Wait for the broker; False where the service is stopped before it answers."""
        while not self._stopping.is_set():
            try:
                await wait_for_broker(self._settings, 0)
            except BrokerUnreachable as error:
                log.warning("waiting for the broker", reason=error.message, remedy=error.remedy)
                await self._pause()
            else:
                return True
        return False

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), PAUSE_SECONDS)

    async def _store_from_topics(self, store: Store, reporter: Reporter, claims: Claims) -> None:
        group = self._settings.sink_group
        writer = self._writer = Writer(store, group, report=reporter, limit=reporter.limit, touch=self._lag.touch)

        async def load_offsets() -> dict[Partition, int]:
            return await writer.retry(lambda: store.offsets(group), lambda: not self._stopping.is_set())

        source = Source(self._settings, self._reader.topics, load_offsets, self._stopping)
        try:
            await source.start()
            async with self._watching(source), self._keeping(claims) as kept:
                while not self._stopping.is_set():
                    if kept.done():
                        kept.result()
                    await self._step(source, writer)
                    if reporter.limit.reason is not None:
                        await self._stand_still(reporter.limit.reason)
        except KafkaError as error:
            raise self._fatal(error) from error
        finally:
            await source.close()

    async def _step(self, source: Source, writer: Writer) -> None:
        """One batch from the topics into the database."""
        try:
            records = await source.batch()
            if not records:
                return
            metrics.SINK_BATCH_SIZE.observe(len(records))
            async with source.writing():
                generation = source.generation
                # Thousands of large articles take a second to check: in a thread the heartbeats go on.
                read = await asyncio.to_thread(lambda: [self._reader.read(record) for record in records])
                for message in read:
                    metrics.MESSAGES_CONSUMED.labels(message.kind).inc()
                messages = [replace(message, span=tracing.storing(message.origin)) for message in read]
                source.advance(
                    await writer.write(
                        messages,
                        source.stored,
                        lambda: generation == source.generation and not self._stopping.is_set(),
                    )
                )
        except Fenced as error:
            log.warning("reading again from the stored offsets", reason=str(error))
            source.rewind()
        except Abandoned:
            source.rewind()

    async def _stand_still(self, reason: str) -> None:
        """Store nothing more, yet keep the partitions: another sink would only go the same way."""
        metrics.DEAD_LETTER_LIMIT.set(1)
        log.error("stopped by dead letters", reason=reason, remedy="mend the cause, then restart")
        await self._stopping.wait()

    def _fatal(self, error: KafkaError) -> UserError | Unrecoverable:
        explained = explain(error, self._settings)
        if isinstance(explained, BrokerUnreachable):
            return Unrecoverable(f"the sink cannot go on ({error!r}); a restart goes on at the stored offsets")
        return explained

    @asynccontextmanager
    async def _watching(self, source: Source) -> AsyncIterator[None]:
        task = asyncio.create_task(self._watch(source), name="lag")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @asynccontextmanager
    async def _keeping(self, claims: Claims) -> AsyncIterator[asyncio.Task[None]]:
        """The claims beside the rows: a fault there ends the service as one here does."""
        task = asyncio.create_task(claims.run(), name="claims")
        try:
            yield task
        finally:
            # What it has begun in the database ends before the database is closed.
            await asyncio.wait({task}, timeout=CLAIMS_END_SECONDS)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self, source: Source) -> None:
        while True:
            try:
                # Not wait_for: in Python 3.11 it may swallow the cancellation that ends this loop.
                async with asyncio.timeout(SILENCE_SECONDS):
                    ends = await source.ends()
            except (KafkaError, TimeoutError) as error:
                log.info("broker does not answer", reason=str(error) or type(error).__name__)
            else:
                self._lag.observe(ends, source.stored)
                self._answered = time.monotonic()
            await asyncio.sleep(LAG_SECONDS)

    def _checks(self) -> Health:
        health = Health()
        health.add_live("progress", lambda: None if self._limit_reached() else self._lag.stalled())
        health.add_ready("database", lambda: self._database or (self._writer.trouble if self._writer else None))
        health.add_ready("broker", self._silent)
        health.add_ready("dead_letters", self._limit_reached)
        return health

    def _limit_reached(self) -> str | None:
        return self._reporter.limit.reason if self._reporter else None

    def _silent(self) -> str | None:
        if self._answered is None:
            return f"not connected to {self._settings.bootstrap_servers} yet"
        silent = time.monotonic() - self._answered
        if silent <= SILENCE_SECONDS + 2 * LAG_SECONDS:
            return None
        return f"{self._settings.bootstrap_servers} has not answered for {silent:.0f} s"


def run(settings: Settings, *, from_beginning: bool = False) -> None:
    """Run the sink in this process until SIGTERM or SIGINT.

    Args:
        settings: all settings.
        from_beginning: forget the group's offsets in the database first, so that all is read again.

    Raises:
        UserError, Unrecoverable: as `Sink.run`.
    """
    asyncio.run(_run(settings, from_beginning))


async def _run(settings: Settings, from_beginning: bool) -> None:
    sink = Sink(settings, from_beginning=from_beginning)

    def stop() -> None:
        forced = threading.Timer(LEAVE_SECONDS, os._exit, (1,))
        forced.daemon = True
        forced.start()
        sink.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await sink.run()
