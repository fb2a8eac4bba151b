"""The stage for the fault suite: a stream with articles and poison in it, and the account of what came out."""

import asyncio
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from schemas import write
from services.common.settings import Settings
from services.dead_letters.reading import read_dead_letters
from services.storage import Store, open_store
from tests.articles import article, expected_events, message
from tests.processes import Service, until
from tests.standins import SLOW

# A stand-in with a twentieth of a second of work keeps the stream running long enough to be hurt.
TEXT = f"„Wir bleiben“, sagte der Sprecher. Mehr sagte er nicht. {SLOW}"
PATIENCE_SECONDS = 240.0


@dataclass(frozen=True)
class Size:
    """How much is at stake: articles and poison sent, and how often each process is killed."""

    articles: int
    poison: int
    kills: int


SHORT = Size(articles=300, poison=6, kills=2)
LONG = Size(articles=5_000, poison=50, kills=10)


@dataclass
class Account:
    """What a fault did, in Jepsen's words.

    Attributes:
        fault: what was done.
        times: how often.
        lost: expected events that are no rows, and poison that is no dead letter.
        duplicated: rows over one for an event, and rows that nobody expected.
        seconds: from each fault to the next progress.
    """

    fault: str
    times: int
    lost: int = 0
    duplicated: int = 0
    seconds: list[float] = field(default_factory=list)


class Rig:
    """Settings, services and database of one test.

    Args:
        settings: on a broker with topics of its own.
        folder: for logs and the database.
        size: how much is sent.
    """

    def __init__(self, settings: Settings, folder: Path, size: Size) -> None:
        self.settings = settings.model_copy(
            update={"session_timeout_seconds": 6, "heartbeat_seconds": 1, "extractor_batch_size": 16}
        )
        self.size = size
        self._folder = folder
        self._articles = [article(number, TEXT) for number in range(size.articles)]
        self._random = random.Random(17)
        self._copies = 0
        self.store: Store = open_store(self.settings.database_url)

    def service(self, command: str, name: str = "", **changes: Any) -> Service:
        """A service, not started yet; `command` is "extractor" or "sink"."""
        return Service.command(command, self._changed(changes), self._folder / f"{name or command}.log")

    def mutant(self, mutation: str, command: str) -> Service:
        """A service with a mutation of `tests.faults.mutants`, not started yet."""
        arguments = ["-m", "tests.faults.mutants", mutation, command]
        return Service(arguments, self._changed({}), self._folder / f"{mutation}.log")

    def _changed(self, changes: dict[str, Any]) -> Settings:
        return self.settings.model_copy(update={"extractor_model": "tests.standins:make", **changes})

    @contextmanager
    def running(self, *services: Service) -> Iterator[None]:
        """The services, started and ready; killed at the end."""
        try:
            for one in services:
                one.start()
            for one in services:
                one.wait_ready(PATIENCE_SECONDS)
            yield
        finally:
            for one in services:
                one.__exit__(None, None, None)

    async def send(self) -> None:
        """Send all articles, the poison spread among them."""
        records = [message(item) for item in self._articles]
        step = max(1, len(records) // max(1, self.size.poison))
        for number in range(self.size.poison):
            records.insert(number * (step + 1), (b"poison %d" % number, b"%d: kein Artikel" % number, []))
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.bootstrap_servers, acks="all", linger_ms=5)
        await producer.start()
        for key, value, headers in records:
            await producer.send(self.settings.topic("articles"), value, key, headers=headers)
        await producer.stop()
        self._copies += 1

    def stored(self) -> int:
        """Articles whose findings are rows."""
        return self.store.counts().extractions

    def reach(self, share: float) -> None:
        """Wait until this share of the articles is stored."""
        until(lambda: self.stored() >= share * self.size.articles, f"{share:.0%} stored", PATIENCE_SECONDS)

    def moments(self) -> list[float]:
        """Shares of the way at which to strike: one in each stretch, at random within it."""
        kills = self.size.kills
        return [(number + self._random.random()) / kills * 0.9 for number in range(kills)]

    @staticmethod
    def kill(service: Service, metric: str) -> float:
        """kill -9 and start again; seconds until the new process has done something."""
        begin = time.monotonic()
        service.kill()
        service.start()
        until(lambda: service.metric(metric) > 0, "progress after the kill", PATIENCE_SECONDS)
        return time.monotonic() - begin

    def seconds_to_progress(self) -> float:
        """Seconds until one more article is stored."""
        begin, before = time.monotonic(), self.stored()
        until(lambda: self.stored() > before, "progress", PATIENCE_SECONDS)
        return time.monotonic() - begin

    async def settle(self) -> None:
        """Wait until everything that was sent is accounted for, or patience ends."""
        until(lambda: self.stored() >= self.size.articles, "every article stored", PATIENCE_SECONDS)
        end = time.monotonic() + PATIENCE_SECONDS
        while await self._dead() < self.size.poison and time.monotonic() < end:  # noqa: ASYNC110 - a topic tells no one
            await asyncio.sleep(0.2)

    async def account(self, fault: str, times: int = 1, seconds: list[float] | None = None) -> Account:
        """Compare what is there with what must be: rows by event, dead letters by their original place."""
        wanted = expected_events(self._articles)
        rows = [event.event_id for event in self.store.events()]
        lost = len(wanted - set(rows)) + max(0, self.size.poison - await self._dead())
        extra = len(rows) - len(wanted & set(rows))
        # Events of a replaced extraction wait out of the readers' sight (docs/storage.md): they are no duplicates.
        return Account(fault, times, lost, extra, seconds or [])

    async def _dead(self) -> int:
        """Poison in the dead letters; the same message put there twice by two processes counts once."""
        letters = {letter.id: letter.value async for letter in read_dead_letters(self.settings)}
        assert all(value and value.endswith(b"kein Artikel") for value in letters.values())
        return len(letters) // max(1, self._copies)

    def close(self) -> None:
        """Close the database and drop the logs."""
        self.store.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def rows_of(store: Store) -> list[bytes]:
    """All rows as bytes, in order, to compare two states."""
    return sorted(write(event) for event in store.events())
