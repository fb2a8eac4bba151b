"""The worker processes: a time limit for each article, and a pool that outlives their deaths."""

import multiprocessing
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.common.errors import UserError
from services.common.settings import ExtractorSettings
from services.dead_letters.record import Failure
from services.extractor.pool import ExtractionPool
from services.extractor.work import Extracted
from tests.articles import TEXT, article, message
from tests.standins import ALLOCATE, EXIT, EXIT_QUIETLY, HANG, HANG_DEAF, RAISE, SEGFAULT

MEMORY_BYTES = 512 << 20
TIMEOUT_SECONDS = 2.0
"""A new process takes some of it where the machine is busy."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


def make_pool(model: str = "tests.standins:make") -> ExtractionPool:
    settings = ExtractorSettings(
        extractor_model=model,
        extractor_processes=2,
        extractor_timeout_seconds=TIMEOUT_SECONDS,
        extractor_memory_bytes=MEMORY_BYTES,
    )
    return ExtractionPool(settings, lambda: None)


def value(number: int, text: str = TEXT) -> bytes | None:
    return message(article(number, text))[1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[ExtractionPool]:
    made = make_pool()
    assert not made.ready
    assert await made.start() == "standin-1"
    assert made.ready
    yield made
    await made.close()
    assert not made.ready


async def test_outcomes_come_in_the_order_of_the_messages(pool: ExtractionPool) -> None:
    outcomes = await pool.read([value(n) for n in range(50)])
    assert [o.article_id for o in outcomes if isinstance(o, Extracted)] == [f"a{n}" for n in range(50)]


async def test_bad_articles_are_given_up_and_their_neighbours_are_read(pool: ExtractionPool) -> None:
    bad = {
        HANG: ("TimeoutError", f"not read within {TIMEOUT_SECONDS:g} s"),
        HANG_DEAF: ("TimeoutError", f"not read within {TIMEOUT_SECONDS:g} s"),
        EXIT: ("pebble.ProcessExpired", "exit code 3"),
        EXIT_QUIETLY: ("TimeoutError", f"not read within {TIMEOUT_SECONDS:g} s"),
        SEGFAULT: ("pebble.ProcessExpired", "SIGSEGV"),
        ALLOCATE: ("MemoryError", f"not read with {MEMORY_BYTES} bytes of memory"),
        RAISE: ("ValueError", "nothing to be made of"),
    }
    outcomes = await pool.read([value(n, text) for n, text in enumerate((TEXT, *bad, TEXT, TEXT))])
    for (exception, reason), outcome in zip(bad.values(), outcomes[1:-2], strict=True):
        assert isinstance(outcome, Failure)
        assert (outcome.stage, outcome.exception) == ("extract", exception)
        assert reason in outcome.message
    assert all(isinstance(outcome, Extracted) for outcome in (outcomes[0], *outcomes[-2:]))


async def test_articles_that_break_the_pool_at_once_take_no_neighbour_with_them(pool: ExtractionPool) -> None:
    values = [value(n, SEGFAULT if n % 4 == 0 else TEXT) for n in range(12)]
    outcomes = await pool.read(values)
    assert [isinstance(outcome, Failure) for outcome in outcomes] == [n % 4 == 0 for n in range(12)]


async def test_error_of_the_extractor_keeps_its_stack_trace(pool: ExtractionPool) -> None:
    (bad,) = await pool.read([value(1, RAISE)])
    assert isinstance(bad, Failure)
    assert "standins.py" in (bad.stacktrace or "")


async def test_workers_killed_while_idle_are_replaced(pool: ExtractionPool) -> None:
    for process in multiprocessing.active_children():
        process.kill()
        process.join()
    (outcome,) = await pool.read([value(1)])
    assert isinstance(outcome, Extracted)


async def test_a_limit_that_the_extractor_itself_does_not_fit_into_is_said() -> None:
    settings = ExtractorSettings(
        extractor_model="tests.standins:make_large", extractor_processes=1, extractor_memory_bytes=MEMORY_BYTES
    )
    with pytest.raises(UserError, match=r"LAGEBILD_EXTRACTOR_MEMORY_BYTES"):
        await ExtractionPool(settings, lambda: None).start()


async def test_extractor_that_cannot_be_loaded_is_an_error_with_a_remedy() -> None:
    with pytest.raises(UserError, match=r"models/none.*LAGEBILD_EXTRACTOR_MODEL"):
        await make_pool("tests.standins:make_broken").start()
