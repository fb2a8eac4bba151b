"""The consumer: messages in batches, from the offsets that the database holds.

The database decides where to read, Kafka's committed offsets only show lag to other tools. So after every change of
the assignment, and whenever another sink has moved the offsets, all positions are set anew, and what has been taken
in the meantime is dropped: it comes again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.common.errors import UserError
from services.common.kafka import client_options
from services.common.logging import get_logger
from services.common.settings import Settings
from services.storage import Partition

log = get_logger(__name__)

POLL_SECONDS = 0.25
"""Longest wait of one poll: how soon a stop is noticed while no messages come."""
BATCH_BYTES = 32 * 1024 * 1024
"""Size at which a batch is full whatever its number of messages: memory stays bounded with the largest articles."""
HAND_OVER_SECONDS = 5.0
"""How long a rebalance waits for the write under way. Longer waits are not needed for exactness: see `Fenced`."""
COMMIT_SECONDS = 1.0
"""How often Kafka is told how far the database is, and the longest wait for its answer."""
LEAVE_SECONDS = 4.0
"""Longest wait for the coordinator's answer when the group is left."""

LoadOffsets = Callable[[], Awaitable[dict[Partition, int]]]


class Source(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Reads the topics as a member of the group.

    Args:
        settings: broker, group, batches.
        topics: what to read.
        load_offsets: gives the offsets that the database holds.
        stopping: set when the service stops.
    """

    def __init__(
        self, settings: Settings, topics: list[str], load_offsets: LoadOffsets, stopping: asyncio.Event
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._load_offsets = load_offsets
        self._stopping = stopping
        self._consumer = _make_consumer(settings)
        self._seek_needed = True
        self._busy = asyncio.Lock()
        self._committed_at = 0.0
        self.generation = 0
        self.stored: dict[Partition, int] = {}

    async def start(self) -> None:
        """Join the group."""
        self._consumer.subscribe(topics=self._topics, listener=self)
        await self._consumer.start()

    async def close(self) -> None:
        """Leave the group."""
        await self._commit(force=True)
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._consumer.stop()
        except TimeoutError:
            log.warning("left the group without its coordinator's answer")

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Let the write under way end, so that the next owner finds its offsets; drop what was only taken."""
        self._renew()
        if revoked:
            try:
                await asyncio.wait_for(self._busy.acquire(), HAND_OVER_SECONDS)
            except TimeoutError:
                log.warning("partitions are handed over while a write is under way", partitions=len(revoked))
            else:
                self._busy.release()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Have all positions set by the database before anything is read."""
        self._renew()
        log.info("partitions assigned", partitions=len(assigned))

    def _renew(self) -> None:
        self.generation += 1
        self._seek_needed = True

    def writing(self) -> asyncio.Lock:
        """To be held while a batch is written: a rebalance waits for it."""
        return self._busy

    def rewind(self) -> None:
        """Set all positions anew before the next batch: the offsets in the database are not the expected ones."""
        self._renew()

    def advance(self, stored: dict[Partition, int]) -> None:
        """Note the offsets that the database holds now."""
        self.stored |= stored

    async def batch(self) -> list[Any]:
        """The next records (`aiokafka.ConsumerRecord`), in the order of each partition; none after a stop or rebalance.

        Waits for the first one, then until the batch is full or its time is over.

        Raises:
            UserError: the database's offsets and the topics do not fit.
            KafkaError: the group refuses this consumer.
        """
        if self._seek_needed and not await self._seek():
            return []
        await self._commit()
        return await self._collect()

    async def _collect(self) -> list[Any]:
        generation, size = self.generation, 0
        records: list[Any] = []
        end = float("inf")
        while len(records) < self._settings.sink_batch_size and size < BATCH_BYTES and not self._stopping.is_set():
            wait = min(POLL_SECONDS, end - time.monotonic())
            if wait <= 0:
                break
            room = self._settings.sink_batch_size - len(records)
            taken = await self._consumer.getmany(timeout_ms=int(wait * 1000) + 1, max_records=room)
            if generation != self.generation:
                return []
            fresh = [record for part in taken.values() for record in part]
            if fresh and not records:
                end = time.monotonic() + self._settings.sink_batch_seconds
            records += fresh
            size += sum(len(record.value or b"") for record in fresh)
            if not records and not fresh:
                break
        return records

    async def _seek(self) -> bool:
        """Set the positions of all assigned partitions; whether that was done before the next rebalance."""
        generation = self.generation
        partitions = list(self._consumer.assignment())
        if not partitions:
            await asyncio.sleep(POLL_SECONDS)
            return False
        offsets = await self._load_offsets()
        try:
            first = await self._consumer.beginning_offsets(partitions)
            last = await self._consumer.end_offsets(partitions)
            if generation != self.generation:
                return False
            for partition in partitions:
                stored = offsets.get(Partition(*partition))
                self._consumer.seek(partition, _start(partition, stored, first[partition], last[partition]))
        except IllegalStateError:
            return False
        except KafkaError as error:
            log.info("the positions are not set yet", reason=str(error) or type(error).__name__)
            await asyncio.sleep(POLL_SECONDS)
            return False
        self.stored = {p: offset for p, offset in offsets.items() if TopicPartition(*p) in set(partitions)}
        self._seek_needed = False
        return True

    async def _commit(self, *, force: bool = False) -> None:
        """Tell Kafka how far the database is, at most once a second: for lag tools, nothing depends on it."""
        if (
            not self.stored
            or self._seek_needed
            or not (force or time.monotonic() - self._committed_at > COMMIT_SECONDS)
        ):
            return
        self._committed_at = time.monotonic()
        try:
            # A coordinator that is moving lets a commit wait; nothing here may wait for it.
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._consumer.commit({TopicPartition(*p): offset for p, offset in self.stored.items()})
        except (CommitFailedError, IllegalStateError, KafkaError, TimeoutError) as error:
            log.debug("offsets not shown to Kafka", reason=str(error) or type(error).__name__)

    async def ends(self) -> dict[Partition, int]:
        """Where the assigned partitions end, asked of the broker."""
        partitions = list(self._consumer.assignment())
        if not partitions:  # the topics' names are the sign of life then
            await self._consumer.topics()
            return {}
        found = await self._consumer.end_offsets(partitions)
        return {Partition(*partition): offset for partition, offset in found.items()}


def _make_consumer(settings: Settings) -> Any:
    return AIOKafkaConsumer(
        **client_options(settings),
        group_id=settings.sink_group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        # One sink gets the same partition of all topics, so that an article's records meet in its batches.
        partition_assignment_strategy=(RangePartitionAssignor,),
        session_timeout_ms=int(settings.session_timeout_seconds * 1000),
        heartbeat_interval_ms=int(settings.heartbeat_seconds * 1000),
        # The database may be away for hours: the partitions stay, /readyz says why nothing moves.
        max_poll_interval_ms=2**31 - 1,
        max_partition_fetch_bytes=max(1024 * 1024, settings.max_message_bytes),
    )


def _start(partition: TopicPartition, stored: int | None, first: int, last: int) -> int:
    """Where to read a partition from: `stored`, or its beginning.

    Raises:
        UserError: the topic ends before the stored offset.
    """
    where = f"{partition.topic}/{partition.partition}"
    if stored is None:
        return first
    if stored > last:
        raise UserError(
            f"the database has read {where} up to offset {stored}, but it ends at {last}: the topic was made anew",
            remedy="start `lagebild sink --from-beginning` once, or name another database",
        )
    if stored < first:
        log.error("messages were deleted by Kafka before they were read", partition=where, messages=first - stored)
        return first
    return stored
