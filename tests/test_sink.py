"""The sink on a real broker: what goes into the topics stands in the database, once."""

from pydantic import SecretStr

from services.common.settings import Settings
from tests.findings import article
from tests.postgres import PostgresServer
from tests.sinking import expected, processed, read_up_to, running, send, stored


async def test_rows_equal_the_records_sent(settings: Settings) -> None:
    articles = [article(number) for number in range(40)]
    await send(settings, processed(articles))
    async with running(settings) as store:
        await stored(store, articles=40, extractions=40, events=120, pending=0)
        assert set(store.events()) == expected(articles)
        assert store.check() == []


async def test_a_replay_changes_no_row(settings: Settings) -> None:
    articles = [article(number) for number in range(10)]
    async with running(settings) as store:
        for times in (1, 2, 3):
            await send(settings, processed(articles))
            await read_up_to(store, settings, sum((10, 30, 10)) * times)
            assert set(store.events()) == expected(articles)
            assert (store.counts().articles, store.counts().pending, store.check()) == (10, 0, [])


async def test_a_newer_extractor_replaces_the_older_findings(settings: Settings) -> None:
    articles = [article(number) for number in range(10)]
    async with running(settings) as store:
        await send(settings, processed(articles))
        await stored(store, events=30)
        await send(settings, processed(articles, "test-2", count=2))
        await stored(store, events=20)
        await read_up_to(store, settings, 50 + 40)
        assert set(store.events()) == expected(articles, "test-2", 2)


async def test_a_restart_goes_on_where_the_rows_end(settings: Settings) -> None:
    first, second = [article(number) for number in range(5)], [article(number) for number in range(5, 10)]
    await send(settings, processed(first))
    async with running(settings) as store:
        await stored(store, events=15)
        before = store.offsets(settings.sink_group)
    await send(settings, processed(second))
    async with running(settings) as store:
        await stored(store, events=30)
        after = store.offsets(settings.sink_group)
    assert sum(after.values()) - sum(before.values()) == 25
    assert sum(after.values()) == 50


async def test_sinks_share_a_postgresql_database(settings: Settings, postgres: PostgresServer) -> None:
    shared = settings.model_copy(update={"database": SecretStr(postgres.fresh_database()), "sink_batch_size": 50})
    articles = [article(number) for number in range(60)]
    async with running(shared) as store, running(shared):
        await send(settings, processed(articles))
        await read_up_to(store, settings, 300)
        await send(settings, processed(articles, "test-2", count=2))
        await read_up_to(store, settings, 300 + 240)
        assert set(store.events()) == expected(articles, "test-2", 2)
        assert store.check() == []
