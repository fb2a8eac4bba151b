"""The stage for the fault suite: a stream with articles and poison in it, and the account of what came out."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import SecretStr

from schemas import write
from services.common.kafka import client_options
from services.common.settings import Settings
from services.dead_letters.reading import read_dead_letters
from services.storage import Partition, Store, open_store
from tests.articles import TEXT, article, expected_events, message
from tests.faults.account import Account
from tests.processes import Service, until

PATIENCE_SECONDS = 600.0
EVERY_SECONDS = 0.2
"""How often databases and services are asked: more often, and the asking would take the time that is measured."""


@dataclass(frozen=True)
class Size:
    """How much is at stake.

    Attributes:
        articles: sent.
        poison: messages that are no article, sent among them.
        kills: how often each service is ended.
        outages: how often each database and broker is ended.
        work_ms: time that the stand-in takes for an article: with it the stream lasts long enough to be hurt.
        away_seconds: how long the broker is away in mid-stream.
    """

    articles: int
    poison: int
    kills: int
    outages: int
    work_ms: int
    away_seconds: int


SHORT = Size(articles=300, poison=6, kills=2, outages=1, work_ms=50, away_seconds=12)
LONG = Size(articles=5_000, poison=50, kills=10, outages=3, work_ms=20, away_seconds=60)


class Rig:
    """Settings, services and database of one test.

    Args:
        settings: on a broker with topics of its own.
        folder: for logs and the database.
        size: how much is sent.
    """

    def __init__(self, settings: Settings, folder: Path, size: Size) -> None:
        # Small batches, so that there are many moments at which to be hurt; all else is as it comes.
        changes = {"extractor_batch_size": 16, "sink_batch_size": 100, "extractor_processes": 2}
        self.settings = settings.model_copy(update=changes | {"extractor_model": "tests.standins:make"})
        self.size = size
        self.store: Store = open_store(self.settings.database_url)
        self._folder = folder
        self._articles = [article(number, f"{TEXT} [{size.work_ms} ms]") for number in range(size.articles)]
        self._poison = [b"%d: kein Artikel" % number for number in range(size.poison)]
        self._random = random.Random()
        self._copies = 0

    def use_database(self, url: str) -> None:
        """Another database than the SQLite file."""
        self.store.close()
        self.settings = self.settings.model_copy(update={"database": SecretStr(url)})
        self.store = open_store(url)

    def service(self, command: str, name: str = "", **changes: Any) -> Service:
        """A service, not started yet; `command` is "extractor" or "sink"."""
        changed = self.settings.model_copy(update=changes)
        return Service.command(command, changed, self._folder / f"{name or command}.log")

    def mutant(self, mutation: str, command: str) -> Service:
        """A service with a mutation of `tests.faults.mutants`, not started yet."""
        # Small batches: a sink that pauses in each of them is nearly always met while it does.
        changed = self.settings.model_copy(update={"sink_batch_size": 50, "sink_batch_seconds": 0.2})
        arguments = ["-m", "tests.faults.mutants", mutation, command]
        return Service(arguments, changed, self._folder / f"{mutation}.log")

    @contextmanager
    def running(self, *services: Service, ready: bool = True) -> Iterator[None]:
        """The services, started and, if asked for, ready; killed at the end."""
        with ExitStack() as stack:
            for one in services:
                stack.enter_context(one.start())
            for one in services if ready else ():
                one.wait_ready(PATIENCE_SECONDS)
            yield

    async def send(self) -> None:
        """Send all articles, the poison spread among them. Each call sends one more copy."""
        records = [message(item) for item in self._articles]
        step = max(1, len(records) // max(1, len(self._poison)))
        for number, poison in enumerate(self._poison):
            records.insert(number * (step + 1), (b"poison %d" % number, poison, []))
        producer = AIOKafkaProducer(**client_options(self.settings), acks="all", linger_ms=5)
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
        until(
            lambda: self.stored() >= share * self.size.articles, f"{share:.0%} stored", PATIENCE_SECONDS, EVERY_SECONDS
        )

    def moments(self, times: int) -> list[float]:
        """Shares of the way at which to strike: one in each stretch, at random; much is left to do after the last."""
        return [(number + self._random.random()) / times * 0.7 for number in range(times)]

    def chance(self, seconds: float) -> float:
        """A time up to `seconds`."""
        return self._random.random() * seconds

    def seconds_until(self, done: Callable[[], bool], *supervised: Service) -> float:
        """Seconds until something has happened; services that end by themselves meanwhile are started again."""
        begin = time.monotonic()

        def watched() -> bool:
            restart(supervised)
            return done()

        until(watched, "progress", PATIENCE_SECONDS, EVERY_SECONDS)
        return time.monotonic() - begin

    def seconds_to_store(self, *supervised: Service) -> float:
        """Seconds until one more article is stored."""
        before = self.stored()
        return self.seconds_until(lambda: self.stored() > before, *supervised)

    async def settle(self, *supervised: Service) -> None:
        """Wait until everything that was sent has been read to its end, whatever has become of it.

        Services that end by themselves are started again, as a supervisor does.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        async with _offsets(self.settings, self.settings.extractor_group) as offsets:
            while not await self._at_rest(offsets):
                restart(supervised)
                assert time.monotonic() < end, f"not read to the end: {self.stored()} of {self.size.articles} stored"
                await asyncio.sleep(EVERY_SECONDS)

    async def _at_rest(self, offsets: Any) -> bool:
        """Whether extractors and sinks say that nothing is left to do: by Kafka's offsets and by the database's."""
        articles = self._partitions("articles")
        ends = await offsets.end_offsets(articles)
        if any([(await offsets.committed(partition) or 0) < ends[partition] for partition in articles]):
            return False
        stored = self.store.offsets(self.settings.sink_group)
        ends = await offsets.end_offsets(articles + self._partitions("events") + self._partitions("extractions"))
        return all(stored.get(Partition(*partition), 0) == end for partition, end in ends.items())

    def _partitions(self, kind: Any) -> list[TopicPartition]:
        return [TopicPartition(self.settings.topic(kind), number) for number in range(self.settings.partitions)]

    async def account(self, fault: str, times: int = 1, seconds: Sequence[float] = ()) -> Account:
        """Compare what is there with what must be: rows by event, dead letters by what they hold.

        A dead letter that a killed process had already sent comes again, with the same id: it counts once.
        """
        # Events of a replaced extraction wait out of the readers' sight (docs/storage.md): they are no duplicates.
        rows = [event.event_id for event in self.store.events()]
        letters = {letter.id: letter.value async for letter in read_dead_letters(self.settings)}
        return Account.of(
            fault,
            (expected_events(self._articles), rows),
            ([one.id for one in self._articles], self._whole_articles()),
            (self._poison * self._copies, letters.values()),
            times=times,
            seconds=seconds,
        )

    def _whole_articles(self) -> list[str]:
        """Ids of the articles whose text is stored: an event alone leaves a row of its article without one."""
        url = sa.make_url(self.settings.database_url)
        driver = "postgresql+psycopg" if url.drivername == "postgresql" else url.drivername
        engine = sa.create_engine(url.set(drivername=driver))
        try:
            with engine.connect() as connection:
                return list(connection.scalars(sa.text("SELECT article_id FROM articles WHERE text IS NOT NULL")))
        finally:
            engine.dispose()

    def rows(self) -> list[bytes]:
        """All rows as bytes, in order, to compare two states."""
        return sorted(write(event) for event in self.store.events())


def restart(services: Sequence[Service]) -> None:
    """Start again what has ended by itself."""
    for service in services:
        if not service.running:
            service.start()


@asynccontextmanager
async def _offsets(settings: Settings, group: str) -> Any:
    """A client that is asked for offsets and joins no group."""
    client = AIOKafkaConsumer(**client_options(settings), group_id=group, enable_auto_commit=False)
    await client.start()
    try:
        yield client
    finally:
        await client.stop()
