"""What is slow holds back what feeds it: nothing piles up in memory, neither messages nor bytes."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pydantic import SecretStr

from services.common.settings import Settings
from services.storage import Store, open_store
from tests.articles import article
from tests.postgres import PostgresServer
from tests.processes import Service, until
from tests.resident import most_resident, resident
from tests.sinking import send

WAITING, BYTES = 2_000, 60_000
"""Articles in Kafka, and the size of each: 120 MB in all."""
GROWTH_MIB = 60
"""Far over what the bounds allow (docs/reliability.md), far under what waits."""

SLOW_TRIGGER = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON articles FOR EACH ROW EXECUTE FUNCTION slow();
"""


async def fill(settings: Settings, words: str = "") -> None:
    """Random letters, so that the broker's bytes are the reader's bytes."""
    await send(settings, [article(number, f"{words} {secrets.token_hex(BYTES // 2)}") for number in range(WAITING)])


def watch(service: Service, taken: Callable[[], float], done: Callable[[], float], bound: int, enough: int) -> None:
    """See that never more than `bound` messages have been taken and are not done, until `enough` are done."""

    def seen() -> bool:
        before = done()
        assert taken() - before <= bound
        return before >= enough

    until(seen, f"{enough} done")
    assert service.running


async def test_a_slow_database_holds_the_sink_back(
    settings: Settings, postgres: PostgresServer, tmp_path: Path
) -> None:
    changes = {"database": SecretStr(postgres.fresh_database()), "sink_batch_size": 50}
    slow = settings.model_copy(update=changes)
    with closing(open_store(slow.database_url)) as store:
        postgres.execute("postgres", SLOW_TRIGGER)
        with Service.command("sink", slow, tmp_path / "sink.log") as sink:
            sink.wait_ready()
            idle = resident(sink.pid)
            await fill(slow)
            await asyncio.to_thread(
                watch,
                sink,
                lambda: sink.metric("lagebild_sink_messages_consumed_total"),
                lambda: read(store, slow),
                # One batch in work; another may have been taken between the two looks.
                2 * slow.sink_batch_size,
                enough=300,
            )
            assert most_resident(sink.pid) - idle < GROWTH_MIB
            postgres.execute("postgres", "DROP TRIGGER slow ON articles")
            until(lambda: read(store, slow) >= 600, "it goes on once the database is quick again")
        assert store.counts().articles == read(store, slow)


def read(store: Store, settings: Settings) -> int:
    """Messages up to the stored offsets."""
    return sum(store.offsets(settings.sink_group).values())


async def test_slow_extraction_holds_the_extractor_back(settings: Settings, tmp_path: Path) -> None:
    slow = settings.model_copy(
        update={"extractor_model": "tests.standins:make", "extractor_batch_size": 16, "extractor_processes": 1}
    )
    with Service.command("extractor", slow, tmp_path / "extractor.log") as extractor:
        extractor.wait_ready()
        idle = resident(extractor.pid)
        await fill(slow, "[20 ms]")
        await asyncio.to_thread(
            watch,
            extractor,
            lambda: extractor.metric("lagebild_articles_consumed_total"),
            lambda: extractor.metric("lagebild_articles_processed_total"),
            2 * slow.extractor_batch_size,
            enough=200,
        )
        assert most_resident(extractor.pid) - idle < GROWTH_MIB
