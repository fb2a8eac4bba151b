"""Nothing lost, nothing twice: hard and clean ends of every part in mid-stream, then input set == output set.

After Kafka's own transactions_test.py. A stand-in takes the place of the extraction, since delivery is under test.
"""

import asyncio
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.broker import LocalBroker
from services.storage import open_store
from tests.faults.rig import Account, Rig, rows_of
from tests.postgres import PostgresServer, postgres_server
from tests.processes import until

pytestmark = pytest.mark.faults

EXTRACTOR = "lagebild_articles_processed_total"
SINK = "lagebild_sink_messages_consumed_total"
STORED = "lagebild_end_to_end_seconds_count"


def proven(account: Account, note: list[Account]) -> None:
    note.append(account)
    assert (account.lost, account.duplicated) == (0, 0), account


@pytest.mark.parametrize(("victim", "metric"), [("extractor", EXTRACTOR), ("sink", SINK)])
async def test_kill_9_of_one(rig: Rig, note: list[Account], victim: str, metric: str) -> None:
    services = {name: rig.service(name) for name in ("extractor", "sink")}
    await rig.send()
    seconds = []
    with rig.running(*services.values()):
        for moment in rig.moments():
            rig.reach(moment)
            seconds.append(rig.kill(services[victim], metric))
        await rig.settle()
    proven(await rig.account(f"kill -9 of the {victim}", len(seconds), seconds), note)


async def test_kill_9_of_both(rig: Rig, note: list[Account]) -> None:
    extractor, sink = rig.service("extractor"), rig.service("sink")
    await rig.send()
    seconds = []
    with rig.running(extractor, sink):
        for moment in rig.moments():
            rig.reach(moment)
            extractor.kill()
            sink.kill()
            extractor.start()
            sink.start()
            seconds.append(rig.seconds_to_progress())
        await rig.settle()
    proven(await rig.account("kill -9 of both", len(seconds), seconds), note)


async def test_kill_9_of_the_broker(rig: Rig, fragile: LocalBroker, note: list[Account]) -> None:
    extractor, sink = rig.service("extractor"), rig.service("sink")
    await rig.send()
    with rig.running(extractor, sink):
        rig.reach(0.3)
        fragile.kill()
        # A supervisor starts again what ends because the broker is away.
        await asyncio.to_thread(fragile.restart)
        for service in (extractor, sink):
            if not service.running:
                service.start()
        seconds = rig.seconds_to_progress()
        await supervised(rig, extractor, sink)
    proven(await rig.account("kill -9 of the broker, restarted", 1, [seconds]), note)


async def supervised(rig: Rig, *services: object) -> None:
    """Wait for the end as `Rig.settle` does, and start again what has ended by itself, as a supervisor does."""

    def done() -> bool:
        for service in services:
            if not service.running:  # type: ignore[attr-defined]
                service.start()  # type: ignore[attr-defined]
        return rig.stored() >= rig.size.articles

    until(done, "every article stored", 300)
    await rig.settle()


async def test_a_zombie_extractor(rig: Rig, note: list[Account]) -> None:
    zombie, heir, sink = rig.service("extractor"), rig.service("extractor", "heir"), rig.service("sink")
    await rig.send()
    with rig.running(zombie, sink):
        rig.reach(0.2)
        zombie.signal(signal.SIGSTOP)
        with rig.running(heir):
            seconds = rig.seconds_to_progress()
            rig.reach(0.6)
            zombie.signal(signal.SIGCONT)
            await supervised(rig, sink)
    proven(await rig.account("SIGSTOP beyond the session timeout, SIGCONT", 1, [seconds]), note)


async def test_workers_come_and_go(rig: Rig, note: list[Account]) -> None:
    first, second, third = (rig.service("extractor", f"extractor-{n}") for n in range(3))
    sink = rig.service("sink")
    await rig.send()
    with rig.running(first, sink):
        rig.reach(0.1)
        with rig.running(second):
            rig.reach(0.3)
            with rig.running(third):
                rig.reach(0.5)
                assert third.terminate() == 0
            assert second.terminate() == 0
        await rig.settle()
    proven(await rig.account("a second and a third worker come and go", 4), note)


async def test_sigterm_drains_and_leaves_within_ten_seconds(rig: Rig, note: list[Account]) -> None:
    extractor, sink = rig.service("extractor"), rig.service("sink")
    await rig.send()
    seconds = []
    with rig.running(extractor, sink):
        for service in (extractor, sink):
            rig.reach(0.3)
            service.signal(signal.SIGTERM)
            begin = time.monotonic()
            assert service.wait(patience=10) == 0
            seconds.append(time.monotonic() - begin)
            service.start()
        await rig.settle()
    proven(await rig.account("SIGTERM (seconds to leave)", 2, seconds), note)


async def test_a_locked_database(rig: Rig, note: list[Account]) -> None:
    extractor, sink = rig.service("extractor"), rig.service("sink")
    await rig.send()
    with rig.running(extractor, sink):
        rig.reach(0.2)
        path = rig.settings.database_url.removeprefix("sqlite:///")
        with sqlite3.connect(path, isolation_level=None, timeout=30) as rival:
            rival.execute("BEGIN EXCLUSIVE")
            until(lambda: sink.get("/readyz")[0] == 503, "the sink says that it waits")
            rival.execute("COMMIT")
        rival.close()
        seconds = rig.seconds_to_progress()
        await rig.settle()
        assert sink.running
    proven(await rig.account("database locked by another process", 1, [seconds]), note)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


async def test_a_database_that_crashes_and_comes_back(rig: Rig, server: PostgresServer, note: list[Account]) -> None:
    rig.store.close()
    rig.settings = type(rig.settings)(
        **{**rig.settings.model_dump(exclude={"database"}), "database": server.fresh_database(), "_env_file": None}
    )
    rig.store = open_store(rig.settings.database_url)
    extractor, sink = rig.service("extractor"), rig.service("sink")
    await rig.send()
    with rig.running(extractor, sink):
        rig.reach(0.3)
        rig.store.close()
        server.stop("immediate")
        until(lambda: sink.get("/readyz")[0] == 503, "the sink says that it waits")
        server.start()
        rig.store = open_store(rig.settings.database_url)
        seconds = rig.seconds_to_progress()
        await rig.settle()
        assert sink.running
    proven(await rig.account("PostgreSQL crashes and comes back", 1, [seconds]), note)


async def test_a_broker_away_in_mid_stream(rig: Rig, fragile: LocalBroker, note: list[Account]) -> None:
    extractor, sink = rig.service("extractor"), rig.service("sink")
    await rig.send()
    with rig.running(extractor, sink):
        rig.reach(0.3)
        fragile.suspend()
        await asyncio.sleep(60 if rig.size.articles > 1000 else 15)
        fragile.resume()
        seconds = rig.seconds_to_progress()
        await supervised(rig, extractor, sink)
    proven(await rig.account("broker silent in mid-stream", 1, [seconds]), note)


async def test_everything_replayed_and_a_newer_extractor(rig: Rig, note: list[Account]) -> None:
    extractor, sink = rig.service("extractor"), rig.service("sink")
    with rig.running(extractor, sink):
        await rig.send()
        await rig.settle()
        rows = rows_of(rig.store)
        await rig.send()
        messages = 2 * rig.size.articles
        until(lambda: sink.metric(STORED) >= messages, "the replay stored", 240)
        assert rows_of(rig.store) == rows
        assert extractor.terminate() == 0
        newer = rig.service("extractor", "newer", extractor_model="tests.standins:make_newer")
        with rig.running(newer):
            await rig.send()
            messages += rig.size.articles
            until(lambda: sink.metric(STORED) >= messages, "the newer findings stored", 240)
        assert {event.extractor for event in rig.store.events()} == {"standin-2"}
    proven(await rig.account("everything replayed; replayed by a newer extractor", 2), note)


@pytest.mark.parametrize(("mutation", "command"), [("sends-not-awaited", "extractor"), ("offsets-before-rows", "sink")])
async def test_the_suite_bites(rig: Rig, mutation: str, command: str) -> None:
    """With a promise broken, the same kills must lose something; else the tests above prove nothing."""
    mutant = rig.mutant(mutation, command)
    other = rig.service("sink" if command == "extractor" else "extractor")
    await rig.send()
    with rig.running(mutant, other):
        for _ in range(4):
            # At a random point of its work, not just after a row; what is lost may be all that was left to do.
            await asyncio.sleep(2.3)
            mutant.kill()
            mutant.start()
        await _come_to_rest(rig)
    assert (await rig.account(mutation)).lost > 0


async def _come_to_rest(rig: Rig) -> None:
    """Wait until all is stored or nothing more moves: a mutant that has lost messages never finishes."""
    stored = -1
    while stored < rig.stored() < rig.size.articles:
        stored = rig.stored()
        await asyncio.sleep(12)


def test_the_table_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text(encoding="utf-8")
    assert "make test-faults" in text
