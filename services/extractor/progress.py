"""How far the extractor has come: lag for the metrics, and the watchdog behind /livez.

A Faust consumer can stall without an error (faust #175, #640). So the end of each partition is asked of the broker
by a consumer of our own, which shares nothing with Faust's, and is held against what has been finished here.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.common.kafka import client_options
from services.common.lag import Lag
from services.common.logging import get_logger
from services.common.settings import Settings
from services.dead_letters.record import Origin

log = get_logger(__name__)

PROBE_SECONDS = 3.0
ANSWER_SECONDS = 10.0
"""How often the broker is asked for the ends, and how long its answer may take."""

Assignment = Callable[[], Iterable[TopicPartition]]


class Progress:
    """What has been finished, partition by partition.

    Args:
        group: consumer group, for the metrics.
        stall_seconds: time without progress, while messages wait, after which the service counts as dead.
        clock: seconds that never go back.
    """

    def __init__(self, group: str, stall_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._lag: Lag[TopicPartition] = Lag(group, stall_seconds, clock)
        self._positions: dict[TopicPartition, int] = {}
        self._observed: set[TopicPartition] = set()
        self.touch = self._lag.touch
        self.stalled = self._lag.stalled

    def begin(self, origins: Iterable[Origin]) -> None:
        """A batch is taken up."""
        self.touch()
        for origin in origins:
            self._positions.setdefault(TopicPartition(origin.topic, origin.partition), origin.offset)

    def finish(self, partition: TopicPartition, offset: int) -> None:
        """The message at `offset` is acknowledged."""
        self.touch()
        self._positions[partition] = offset + 1

    def observe(self, ends: dict[TopicPartition, int], committed: dict[TopicPartition, int]) -> None:
        """Note where the assigned partitions end.

        Args:
            ends: offset after the last message of each assigned partition.
            committed: the group's committed offsets, for partitions where nothing has been finished here yet.
        """
        for gone in self._observed - ends.keys():
            # What is left of a partition that another process has now would be wrong should it come back.
            self._positions.pop(gone, None)
        self._observed = set(ends)
        self._lag.observe(ends, {p: max(self._positions.get(p, 0), committed.get(p, 0)) for p in ends})


class BrokerWatch:
    """Asks the broker for the ends of the assigned partitions, again and again.

    Args:
        settings: where the broker is.
        progress: is told the ends.
        assignment: the partitions that this process has now.
    """

    def __init__(self, settings: Settings, progress: Progress, assignment: Assignment) -> None:
        self._settings = settings
        self._progress = progress
        self._assignment = assignment
        self._answered: float | None = None
        self._task: asyncio.Task[None] | None = None

    def unreachable(self) -> str | None:
        """Why the broker counts as away; None while it answers."""
        if self._answered is None:
            return f"not connected to {self._settings.bootstrap_servers} yet"
        silent = time.monotonic() - self._answered
        if silent <= ANSWER_SECONDS + 2 * PROBE_SECONDS:
            return None
        return f"{self._settings.bootstrap_servers} has not answered for {silent:.0f} s"

    def start(self) -> None:
        """Begin to ask."""
        self._task = asyncio.create_task(self._watch(), name="broker-watch")

    async def close(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            consumer = AIOKafkaConsumer(
                **client_options(self._settings), group_id=self._settings.extractor_group, enable_auto_commit=False
            )
            try:
                await consumer.start()
                await self._ask(consumer)
            except (KafkaError, OSError, TimeoutError) as error:
                log.info("broker does not answer", reason=str(error) or type(error).__name__)
            finally:
                await consumer.stop()
            await asyncio.sleep(PROBE_SECONDS)

    async def _ask(self, consumer: Any) -> None:
        while True:
            partitions = list(self._assignment())
            # Not wait_for: in Python 3.11 it may swallow the cancellation that ends this loop, and the end would hang.
            async with asyncio.timeout(ANSWER_SECONDS):
                ends, committed = await _offsets(consumer, partitions)
            self._progress.observe(ends, committed)
            self._answered = time.monotonic()
            await asyncio.sleep(PROBE_SECONDS)


async def _offsets(
    consumer: Any, partitions: list[TopicPartition]
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    # Without partitions to ask for, the cluster's metadata are the sign of life.
    if not partitions:
        await consumer.topics()
        return {}, {}
    ends = await consumer.end_offsets(partitions)
    committed = {partition: await consumer.committed(partition) or 0 for partition in partitions}
    return ends, committed
