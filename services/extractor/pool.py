"""The worker processes: limits of time and memory for each article, and a service that outlives their deaths.

Pebble's pool starts an article's clock when a worker takes it, kills the worker when time is up and replaces
it. Two of its habits (5.2.3) need care here. A worker that dies while no task is known to run breaks the whole
pool; that happens too when a worker dies so soon after taking a task that its receipt is still in the pipe. And
a worker that ends with exit code 0 in the middle of a task is noticed by the time limit only.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from pebble import CONSTS, ProcessExpired, ProcessPool

from services.common import metrics
from services.common.errors import Unrecoverable, UserError
from services.common.logging import get_logger
from services.common.processes import forkserver
from services.common.settings import ExtractorSettings
from services.dead_letters.record import Failure
from services.extractor import work
from services.extractor.work import Outcome

log = get_logger(__name__)

T = TypeVar("T")

# A worker has nothing to put in order before it ends, and while one is being ended the others get no work.
CONSTS.term_timeout = 0.5

REBUILDS = 5
"""Pools lost in a row, without one article read between, after which the service gives up."""


class _PoolLost(Exception):
    """The pool broke, and which article did it is not known."""


class ExtractionPool:
    """Reads articles in processes of its own.

    Args:
        settings: number of processes, limits of time and memory, tries, model.
        on_progress: called whenever an article is done or a try of it has failed.
    """

    def __init__(self, settings: ExtractorSettings, on_progress: Callable[[], None]) -> None:
        self._settings = settings
        self._on_progress = on_progress
        self._pool: ProcessPool | None = None
        self._lost_in_a_row = 0
        self.version: str | None = None

    @property
    def ready(self) -> bool:
        """Whether a worker process has loaded the extractor."""
        return self.version is not None

    async def start(self) -> str:
        """Start the processes and wait until one has loaded the extractor.

        Returns:
            The extractor's version.

        Raises:
            UserError: it cannot be loaded.
        """
        # One process to a core is the plan: numerical libraries would start a thread for each core in each of them.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        self._pool = self._new_pool()
        metrics.POOL_PROCESSES.set(self._settings.extractor_processes)
        try:
            version = await _result(self._pool, self._pool.schedule(work.version))
        except (work.ExtractorUnavailable, ProcessExpired, _PoolLost) as error:
            await self.close()
            raise UserError(
                f"the extractor cannot be loaded ({error or 'its process died'})",
                remedy="check LAGEBILD_EXTRACTOR_MODEL, or run `lagebild doctor`",
            ) from None
        self.version = version
        return version

    async def close(self) -> None:
        """Stop the processes, in the middle of an article too."""
        pool, self._pool, self.version = self._pool, None, None
        if pool is not None:
            await asyncio.to_thread(_stop, pool)
        metrics.POOL_PROCESSES.set(0)

    async def read(self, values: Sequence[bytes | None]) -> list[Outcome]:
        """Extract from each message.

        Args:
            values: the messages' values.

        Returns:
            An outcome for each, in the same order.

        Raises:
            Unrecoverable: the pool breaks again and again, or a new worker cannot load the extractor.
        """
        outcomes = await asyncio.gather(*(self._read_among_others(value) for value in values))
        # Only one by one can the article that breaks the pool be told from those that were in work beside it.
        return [o if o is not None else await self._read_alone(v) for o, v in zip(outcomes, values, strict=True)]

    async def _read_among_others(self, value: bytes | None) -> Outcome | None:
        try:
            return await self._read(value, alone=False)
        except _PoolLost:
            return None

    async def _read_alone(self, value: bytes | None) -> Outcome:
        return await self._read(value, alone=True)

    async def _read(self, value: bytes | None, *, alone: bool) -> Outcome:
        failure = Failure("extract", "", "")
        with metrics.POOL_BUSY.track_inprogress():
            for _ in range(self._settings.extractor_tries):
                result = await self._try(value, alone=alone)
                self._on_progress()
                if not isinstance(result, _Fault):
                    self._lost_in_a_row = 0
                    return result
                metrics.POOL_RESTARTS.labels(result.reason).inc()
                failure = result.failure
        log.warning("article given up", reason=failure.message, tries=self._settings.extractor_tries)
        return failure

    async def _try(self, value: bytes | None, *, alone: bool) -> "Outcome | _Fault":
        limit = self._settings.extractor_timeout_seconds
        pool = await self._whole_pool()
        try:
            return await _result(pool, pool.schedule(work.read_message, args=(value,), timeout=limit))
        except TimeoutError:
            return _Fault("timeout", Failure("extract", "TimeoutError", f"not read within {limit:g} s"))
        except ProcessExpired as error:
            return self._crash(error.exitcode)
        except work.ExtractorUnavailable as error:
            raise Unrecoverable(f"a new worker process cannot load the extractor ({error})") from None
        except _PoolLost:
            if alone:
                return self._crash(None)
            raise

    def _crash(self, exitcode: int | None) -> "_Fault":
        if exitcode == work.OUT_OF_MEMORY:
            limit = self._settings.extractor_memory_bytes
            return _Fault("memory", Failure("extract", "MemoryError", f"not read with {limit} bytes of memory"))
        return _Fault("crash", Failure("extract", "pebble.ProcessExpired", f"the worker process {_end(exitcode)}"))

    async def _whole_pool(self) -> ProcessPool:
        if self._pool is None:
            raise Unrecoverable("the pool of worker processes is closed")
        if not self._pool.active:
            self._lost_in_a_row += 1
            if self._lost_in_a_row > REBUILDS:
                raise Unrecoverable(f"the pool of worker processes broke {REBUILDS} times in a row")
            log.warning("pool of worker processes lost, starting a new one", times=self._lost_in_a_row)
            broken, self._pool = self._pool, self._new_pool()
            await asyncio.to_thread(_stop, broken)
        return self._pool

    def _new_pool(self) -> ProcessPool:
        model = self._settings.extractor_model
        own = [] if model and ":" in model else ["services.extraction.pipeline"]
        return ProcessPool(
            max_workers=self._settings.extractor_processes,
            initializer=work.initialise,
            initargs=[model, self._settings.extractor_memory_bytes],
            context=forkserver(["services.extractor.work", *own]),
        )


async def _result(pool: ProcessPool, task: "Future[T]") -> T:
    """The result of a task. Tasks that a broken pool has not handed out yet never end, so the pool is watched."""
    future = asyncio.wrap_future(task)
    while not future.done() and pool.active:
        await asyncio.wait([future], timeout=0.5)
    if not future.done():
        raise _PoolLost
    try:
        return await future
    except BrokenProcessPool:
        raise _PoolLost from None


class _Fault:
    """A try that came to nothing: "timeout", "memory" or "crash", and what to say of it if it was the last."""

    def __init__(self, reason: str, failure: Failure) -> None:
        self.reason = reason
        self.failure = failure


def _end(exitcode: int | None) -> str:
    if exitcode is None:
        return "died at once"
    return f"was ended by {signal.Signals(-exitcode).name}" if exitcode < 0 else f"ended with exit code {exitcode}"


def _stop(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call] # Pebble annotates most, not this
    pool.join()
