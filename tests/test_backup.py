"""Backups as docs/storage.md describes them: taken while the sink writes, restored, and the stream goes on."""

import asyncio
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from schemas import write
from services.common.settings import Settings
from services.storage import EventFilter, Store, open_store
from tests.databases import fill
from tests.findings import article
from tests.postgres import PostgresServer
from tests.sinking import PATIENCE_SECONDS, expected, processed, read_so_far, running, send, stored
from tests.tools import need

DOCUMENT = Path(__file__).parents[1] / "docs" / "storage.md"


@dataclass
class Backup:
    """A database and the document's commands for it.

    Attributes:
        url: of the database.
        folder: where the commands run.
        program: what takes the backup.
    """

    url: str
    folder: Path
    program: str

    def take(self) -> None:
        self._run(self.program)

    def restore(self) -> None:
        """Put the backup in the place of the database, which nobody may use meanwhile."""
        self._run("rm -f lagebild.db" if self.program.startswith("sqlite3") else "pg_restore")

    def _run(self, beginning: str) -> None:
        commands = re.findall(rf"^{re.escape(beginning)}.*$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(commands) == 1, f"docs/storage.md: {beginning}"
        environment = os.environ | {"LAGEBILD_DATABASE": self.url}
        done = subprocess.run(commands, shell=True, cwd=self.folder, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(params=['sqlite3 lagebild.db "VACUUM', 'sqlite3 lagebild.db ".backup', "pg_dump"])
def backup(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backup]:
    """An empty database of each kind, with each way to back it up."""
    if request.param == "pg_dump":
        need("pg_dump", "postgresql-client")
        server: PostgresServer = request.getfixturevalue("postgres")
        yield Backup(server.fresh_database(), tmp_path, request.param)
    else:
        need("sqlite3", "sqlite3")
        yield Backup(f"sqlite:///{tmp_path}/lagebild.db", tmp_path, request.param)


def content(store: Store) -> tuple[object, ...]:
    """What a reader sees, and how far the topics have been read."""
    claims = {write(claim) for claim in store.claims()}
    return store.counts(), set(store.events()), claims, store.offsets("test")


def test_what_is_restored_is_what_was_there(backup: Backup) -> None:
    fill(backup.url)
    with closing(open_store(backup.url)) as store:
        store.refresh_claims()
        before = content(store)
        unsent = store.unsent_claims()
    backup.take()
    fill(backup.url, [article(3)])
    backup.restore()
    with closing(open_store(backup.url)) as store:
        assert content(store) == before
        assert store.unsent_claims() == unsent
        assert store.check() == []
        assert len(list(store.events(EventFilter(search="Leopard-Panzer")))) == 6
    # Numbers that the database gives itself go on after those that were restored.
    fill(backup.url, [article(3), article(4)])
    with closing(open_store(backup.url)) as store:
        assert len(list(store.events(EventFilter(search="Leopard-Panzer")))) == 12
        assert store.check() == []


async def test_taken_while_the_sink_writes_it_lets_the_stream_go_on(settings: Settings, backup: Backup) -> None:
    own = settings.model_copy(update={"database": SecretStr(backup.url), "sink_batch_size": 10, "claims_seconds": 0.05})
    first, later, after = ([article(n) for n in numbers] for numbers in (range(60), range(60, 70), range(70, 75)))
    async with running(own) as store:
        await send(own, processed(first))
        await until(lambda: read_so_far(store, own) > 20)
        await asyncio.to_thread(backup.take)
        await send(own, processed(later))
        await stored(store, events=210, pending=0)
        await until(lambda: not store.claim_changes_waiting())
        full = store.counts(), {write(claim) for claim in store.claims()}
    release(backup.url)
    await asyncio.to_thread(backup.restore)
    with closing(open_store(backup.url)) as store:
        # All of a batch or nothing of it: each message up to the offsets has its row, and no other has.
        counts = store.counts()
        texts = len(list(store.articles([one.id for one in first])))
        assert 20 < read_so_far(store, own) == texts + counts.events + counts.pending + counts.extractions
    async with running(own) as store:
        await stored(store, events=210, pending=0)
        await until(lambda: not store.claim_changes_waiting())
        assert (store.counts(), {write(claim) for claim in store.claims()}) == full
        await send(own, processed(after))
        await stored(store, events=225, pending=0)
        assert set(store.events()) == expected([*first, *later, *after])
        assert store.check() == []


async def until(condition: object) -> None:
    """Wait until a condition holds."""
    assert callable(condition)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - a database tells no one
            await asyncio.sleep(0.02)


def release(url: str) -> None:
    """See that no connection of this process holds the database."""
    if url.startswith("postgres"):
        # Outside of a transaction, which would see the sessions of its begin.
        engine = sa.create_engine(
            sa.make_url(url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            others = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lagebild'"
            end = time.monotonic() + 10.0
            # The server ends its side of a closed connection a moment later.
            while connection.execute(sa.text(others)).scalar_one() and time.monotonic() < end:
                time.sleep(0.05)
            assert connection.execute(sa.text(others)).scalar_one() == 0
        engine.dispose()
