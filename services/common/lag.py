"""How far a consumer is behind: the lag for the metrics, and the watchdog behind /livez."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from services.common import metrics

P = TypeVar("P", bound=tuple[str, int])
"""A partition: topic and number, as aiokafka's TopicPartition or the store's Partition."""

SIGHTINGS = 1000
"""Ends remembered of one partition before they are thinned out; an even number."""


class Lag(Generic[P]):
    """What waits in the partitions that this process has.

    The age of the oldest waiting message is the time since the partition's end was first seen behind it: exact to
    the time between two observations, and counted from the start of the process for what waited before.

    Args:
        group: consumer group, for the metrics.
        stall_seconds: time without progress, while messages wait, after which the service counts as dead.
        clock: seconds that never go back.
    """

    def __init__(self, group: str, stall_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._group = group
        self._stall_seconds = stall_seconds
        self._clock = clock
        self._moved = clock()
        self._waiting: dict[P, deque[tuple[float, int]]] = {}
        self._waiting_since: dict[P, float] = {}

    def touch(self) -> None:
        """Something has moved: a message was finished, or a try of one has failed."""
        self._moved = self._clock()

    def observe(self, ends: Mapping[P, int], finished: Mapping[P, int]) -> None:
        """Note where this process's partitions end, and how far each is finished.

        Args:
            ends: offset after the last message of each assigned partition.
            finished: offset after the last finished message; 0 where a partition is missing.
        """
        for gone in self._waiting.keys() - ends.keys():
            self._forget(gone)
        for partition, end in ends.items():
            self._note(partition, end, finished.get(partition, 0))

    def _note(self, partition: P, end: int, finished: int) -> None:
        now = self._clock()
        waiting = self._waiting.setdefault(partition, deque())
        if end > finished:
            self._waiting_since.setdefault(partition, now)
            if not waiting or end > waiting[-1][1]:
                waiting.append((now, end))
        else:
            self._waiting_since.pop(partition, None)
        while waiting and waiting[0][1] <= finished:
            waiting.popleft()
        if len(waiting) >= SIGHTINGS:
            # Every second one goes: what came at its time is taken for as old as what came before.
            self._waiting[partition] = deque(
                (seen, later) for (seen, _), (_, later) in zip(list(waiting)[::2], list(waiting)[1::2], strict=False)
            )
        labels = self._labels(partition)
        metrics.CONSUMER_OFFSET.labels(*labels).set(finished)
        metrics.CONSUMER_LAG.labels(*labels).set(max(0, end - finished))
        metrics.CONSUMER_LAG_SECONDS.labels(*labels).set(now - waiting[0][0] if waiting else 0)

    def _forget(self, partition: P) -> None:
        """Another process has the partition now, and reports its lag."""
        self._waiting.pop(partition, None)
        self._waiting_since.pop(partition, None)
        for gauge in (metrics.CONSUMER_OFFSET, metrics.CONSUMER_LAG, metrics.CONSUMER_LAG_SECONDS):
            gauge.remove(*self._labels(partition))

    def _labels(self, partition: P) -> tuple[str, str, str]:
        topic, number = partition
        return self._group, topic, str(number)

    def stalled(self) -> str | None:
        """Why the service counts as dead; None while it moves or has nothing to do."""
        if not self._waiting_since:
            return None
        idle = self._clock() - max(self._moved, min(self._waiting_since.values()))
        if idle <= self._stall_seconds:
            return None
        return f"messages wait, and none has been finished for {idle:.0f} s"
