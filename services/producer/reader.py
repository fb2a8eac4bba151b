"""Blocking reads (files, standard input, the web) beside an event loop that must not wait for them."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

AHEAD = 256
"""Items read before they are asked for."""


class Reader(Generic[T]):
    """Iterates in a thread of its own and hands the items over, in their order.

    The thread is a daemon: one that waits for standard input must not keep the process from ending.
    Create it inside a running event loop.
    """

    def __init__(self, items: Iterable[T]) -> None:
        self._items = items
        self._ready: queue.Queue[T | BaseException | None] = queue.Queue(AHEAD)
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._closed = threading.Event()
        threading.Thread(target=self._read, name="lagebild-reader", daemon=True).start()

    async def items(self, stop: asyncio.Event) -> AsyncIterator[T]:
        """The items until their end or until `stop` is set. What reading raised is raised here, after them."""
        while (item := await self._next(stop)) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self) -> None:
        """Read no further."""
        self._closed.set()

    async def _next(self, stop: asyncio.Event) -> T | BaseException | None:
        while not stop.is_set():
            self._arrived.clear()
            try:
                return self._ready.get_nowait()
            except queue.Empty:
                await _either(self._arrived, stop)
        return None

    def _read(self) -> None:
        try:
            for item in self._items:
                if not self._hand_over(item):
                    return
            self._hand_over(None)
        except BaseException as error:  # noqa: BLE001 - raised again on the other side
            self._hand_over(error)

    def _hand_over(self, item: T | BaseException | None) -> bool:
        while not self._closed.is_set():
            try:
                self._ready.put(item, timeout=0.2)
            except queue.Full:
                continue
            try:
                self._loop.call_soon_threadsafe(self._arrived.set)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return False
            return True
        return False


async def _either(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
