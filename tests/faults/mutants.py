"""Services with one promise broken: `python -m tests.faults.mutants MUTATION COMMAND`. The suite must notice."""

import asyncio
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from faust.types import EventT

from services.cli.main import main
from services.dead_letters.message import Message, send
from services.extractor.loop import ExtractionLoop
from services.extractor.publisher import Publisher
from services.storage import Advance, Batch, Partition, WriteOutcome
from services.storage.sql_store import SqlStore

PAUSE_SECONDS = 3.0
"""How long a mutant's broken promise stays broken: the rest of its work follows then."""


def sends_not_awaited() -> None:
    """Articles are acknowledged although the broker does not have their records yet."""
    pending: set[asyncio.Task[Any]] = set()

    async def confirmed(self: Publisher, messages: Iterable[tuple[str, Message]]) -> None:
        async def later(topic: str, message: Message) -> None:
            await asyncio.sleep(PAUSE_SECONDS)
            await send(self._producer, topic, message)

        for topic, message in messages:
            task = asyncio.create_task(later(topic, message))
            pending.add(task)
            task.add_done_callback(pending.discard)

    Publisher._confirmed = confirmed  # type: ignore[method-assign] - the mutation


def acknowledged_before_extraction() -> None:
    """Articles are acknowledged when they come, and not when what was found in them is confirmed."""
    settle = ExtractionLoop.settle

    async def hasty(self: ExtractionLoop, batch: Sequence[EventT[Any]]) -> None:
        for event in batch:
            event.ack()
        await asyncio.sleep(PAUSE_SECONDS)
        await settle(self, batch)

    ExtractionLoop.settle = hasty  # type: ignore[method-assign] - the mutation


def offsets_before_rows() -> None:
    """The offsets are committed first, the rows a moment later."""
    write = SqlStore.write

    def broken(self: SqlStore, batch: Batch, group: str, advances: Mapping[Partition, Advance]) -> WriteOutcome:
        write(self, [], group, advances)
        time.sleep(PAUSE_SECONDS)
        return write(self, batch, group, {})

    SqlStore.write = broken  # type: ignore[method-assign] - the mutation


MUTATIONS = {
    "sends-not-awaited": sends_not_awaited,
    "acknowledged-before-extraction": acknowledged_before_extraction,
    "offsets-before-rows": offsets_before_rows,
}

if __name__ == "__main__":
    MUTATIONS[sys.argv.pop(1)]()
    main()
