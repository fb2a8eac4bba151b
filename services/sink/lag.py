"""How far the sink is behind: lag for the metrics, and the watchdog behind /livez."""

import time
from collections.abc import Callable, Mapping

from services.common import metrics
from services.storage import Partition


class Lag:
    """What waits in the partitions of this sink.

    Args:
        group: consumer group, for the metrics.
        stall_seconds: time without movement, while messages wait, after which the service counts as dead.
        clock: seconds that never go back.
    """

    def __init__(self, group: str, stall_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._group = group
        self._stall_seconds = stall_seconds
        self._clock = clock
        self._moved = clock()
        self._waiting_since: dict[Partition, float] = {}

    def touch(self) -> None:
        """Something has moved."""
        self._moved = self._clock()

    def observe(self, ends: Mapping[Partition, int], stored: Mapping[Partition, int]) -> None:
        """Note where the assigned partitions end, and the offsets that the database holds."""
        now = self._clock()
        self._waiting_since = {p: since for p, since in self._waiting_since.items() if p in ends}
        for partition, end in ends.items():
            lag = max(0, end - stored.get(partition, 0))
            if lag:
                self._waiting_since.setdefault(partition, now)
            else:
                self._waiting_since.pop(partition, None)
            labels = (self._group, partition.topic, str(partition.number))
            metrics.CONSUMER_LAG.labels(*labels).set(lag)
            metrics.CONSUMER_LAG_SECONDS.labels(*labels).set(now - self._waiting_since.get(partition, now))

    def stalled(self) -> str | None:
        """Why the service counts as dead; None while it moves or has nothing to do."""
        if not self._waiting_since:
            return None
        idle = self._clock() - max(self._moved, min(self._waiting_since.values()))
        if idle <= self._stall_seconds:
            return None
        return f"messages wait, and none has been stored for {idle:.0f} s"
