"""Services with one promise broken: `python -m tests.faults.mutants MUTATION COMMAND`. The suite must notice."""

import asyncio
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

from services.cli.main import main
from services.dead_letters.message import Message, send
from services.extractor.publisher import Publisher
from services.storage import Advance, Batch, Partition, WriteOutcome
from services.storage.sql_store import SqlStore

BROKER_SECONDS = 3.0
"""How long the broker of the first mutation takes to have a record."""


def sends_not_awaited() -> None:
    """Articles are acknowledged although the broker does not have their records yet."""
    pending: set[asyncio.Task[Any]] = set()

    async def confirmed(self: Publisher, messages: Iterable[tuple[str, Message]]) -> None:
        async def later(topic: str, message: Message) -> None:
            await asyncio.sleep(BROKER_SECONDS)
            await send(self._producer, topic, message)

        for topic, message in messages:
            task = asyncio.create_task(later(topic, message))
            pending.add(task)
            task.add_done_callback(pending.discard)

    Publisher._confirmed = confirmed  # type: ignore[method-assign] - the mutation


def offsets_before_rows() -> None:
    """The offsets are committed first, the rows a moment later."""
    write = SqlStore.write

    def broken(self: SqlStore, batch: Batch, group: str, advances: Mapping[Partition, Advance]) -> WriteOutcome:
        write(self, [], group, advances)
        time.sleep(0.2)
        return write(self, batch, group, {})

    SqlStore.write = broken  # type: ignore[method-assign] - the mutation


MUTATIONS = {"sends-not-awaited": sends_not_awaited, "offsets-before-rows": offsets_before_rows}

if __name__ == "__main__":
    MUTATIONS[sys.argv.pop(1)]()
    main()
