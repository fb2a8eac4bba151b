"""Nothing lost, nothing twice when the database is locked, full, down, or refuses one row."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from schemas import DeploymentEvent, write
from services.dead_letters.reading import read_dead_letters
from tests.faults.account import Account
from tests.faults.conftest import Prove
from tests.faults.disk import small_disk
from tests.faults.rig import Rig
from tests.findings import article, findings, receipt
from tests.postgres import PostgresServer, postgres_server
from tests.processes import Service, until
from tests.sinking import read_up_to, send

pytestmark = pytest.mark.faults


def waits(sink: Service) -> bool:
    return sink.checks("/readyz").get("database", "ok") != "ok"


async def test_a_locked_database(rig: Rig, prove: Prove) -> None:
    extractor, sink = rig.service("extractor"), rig.service("sink")
    await rig.send()
    seconds = []
    with rig.running(extractor, sink):
        for moment in rig.moments(rig.size.outages):
            rig.reach(moment)
            path = rig.settings.database_url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as rival:
                rival.execute("BEGIN EXCLUSIVE")
                until(lambda: waits(sink), "the sink says that it waits")
                rival.execute("COMMIT")
            seconds.append(rig.seconds_to_store())
        await rig.settle()
    prove(await rig.account("SQLite locked by another process", len(seconds), seconds))


async def test_a_full_disk(rig: Rig, prove: Prove, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", rig.size.articles * 40_000) as disk:
        rig.use_database(f"sqlite:///{disk.folder}/lagebild.db")
        extractor, sink = rig.service("extractor"), rig.service("sink")
        await rig.send()
        with rig.running(extractor, sink):
            rig.reach(0.2)
            disk.fill(sink.pid)
            until(lambda: waits(sink), "the sink says that it waits")
            reason = sink.checks("/readyz")["database"]
            assert disk.complaint in reason
            assert sink.get("/livez")[0] == 200
            disk.clear(sink.pid)
            seconds = rig.seconds_to_store()
            await rig.settle()
        assert rig.store.check() == []
        account = await rig.account("disk full, then room again", 1, [seconds])
        rig.store.close()
    prove(account)


async def test_one_bad_row_in_a_batch_of_500(rig: Rig, prove: Prove) -> None:
    articles = [article(number) for number in range(500)]
    events = [next(e for e in findings(one) if isinstance(e, DeploymentEvent)) for one in articles]
    receipts = [receipt(one, [event]) for one, event in zip(articles, events, strict=True)]
    chosen = random.Random(3).randrange(500)
    place = events[chosen].destination
    assert place is not None
    # An id beyond 64 bits passes the schema, and no database takes it.
    bad = events[chosen].model_copy(update={"destination": place.model_copy(update={"geonames_id": 2**70})})
    sink = rig.service("sink", sink_batch_size=500, sink_batch_seconds=60.0)
    with rig.running(sink):
        await send(rig.settings, [*articles, *receipts])
        await read_up_to(rig.store, rig.settings, 1_000)
        await send(rig.settings, [*events[:chosen], bad, *events[chosen + 1 :]])
        await read_up_to(rig.store, rig.settings, 1_500)
        sink.wait_for_log(r"one message at a time.*messages=\D*500\b")
    wanted = [event.event_id for event in events if event.event_id != bad.event_id]
    rows = [event.event_id for event in rig.store.events()]
    letters = [letter.value async for letter in read_dead_letters(rig.settings)]
    prove(Account.of("one bad row in a batch of 500", (wanted, rows), ([write(bad)], letters)))


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.mark.parametrize(
    ("mode", "fault"), [("fast", "PostgreSQL restarted"), ("immediate", "PostgreSQL crashes and comes back")]
)
async def test_a_database_that_goes_and_comes_back(
    rig: Rig, server: PostgresServer, prove: Prove, mode: str, fault: str
) -> None:
    rig.use_database(server.fresh_database())
    extractor, sink = rig.service("extractor"), rig.service("sink")
    await rig.send()
    seconds = []
    with rig.running(extractor, sink):
        for moment in rig.moments(rig.size.outages):
            rig.reach(moment)
            seconds.append(_bounce(rig, server, mode, lambda: waits(sink)))
        await rig.settle()
    prove(await rig.account(fault, len(seconds), seconds))


def _bounce(rig: Rig, server: PostgresServer, mode: str, noticed: Callable[[], bool]) -> float:
    """Stop the server until the sink has noticed; seconds from its return to the next row."""
    rig.store.close()
    server.stop(mode)
    until(noticed, "the sink says that it waits")
    server.start()
    return rig.seconds_to_store()
