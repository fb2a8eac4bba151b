"""The running stream, and how long articles take through it, seen by a reader of the database."""

import asyncio
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas import Article
from services.broker import LocalBroker
from services.common.settings import Settings
from services.common.topics import create_topics
from services.producer import SendOptions, produce
from tests.bench import articles, cpu
from tests.processes import Service
from tests.streams import own_settings

LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 240.0


@dataclass(frozen=True)
class Passage:
    """What it took so many articles to become rows.

    Attributes:
        articles: how many.
        seconds: from the first one's Kafka timestamp to the last one's row.
        latencies: of each article, from its Kafka timestamp to its row, sorted, seconds.
        cpu: processor seconds by part.
    """

    articles: int
    seconds: float
    latencies: list[float]
    cpu: dict[str, float]

    @property
    def rate(self) -> float:
        """Articles a second."""
        return self.articles / self.seconds

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the articles was there."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


@dataclass
class Stream:
    """Extractors and a sink on a broker, with topics and a database of their own; a context manager.

    Attributes:
        broker: a running one.
        folder: for logs and the database.
        workers: number of extractor services.
        processes: worker processes of each.
        partitions: of each topic.
    """

    broker: LocalBroker
    folder: Path
    workers: int = 1
    processes: int = 1
    partitions: int = 4
    settings: Settings = field(init=False)
    extractors: list[Service] = field(init=False)
    sink: Service = field(init=False)

    def __post_init__(self) -> None:
        name = uuid4().hex[:8]
        self._exits = ExitStack()
        self.database = self.folder / f"{name}.db"
        self.settings = own_settings(
            self.broker.bootstrap_servers,
            self.folder,
            extractor_processes=self.processes,
            partitions=self.partitions,
            database=f"sqlite:///{self.database}",
        )
        self.sink = Service.command("sink", self.settings, self.folder / f"{name}-sink.log")
        self.extractors = [
            Service.command("extractor", self.settings, self.folder / f"{name}-extractor-{number}.log")
            for number in range(self.workers)
        ]

    def __enter__(self) -> Self:
        asyncio.run(create_topics(self.settings))
        self.start()
        for service in self.services:
            service.wait_ready()
        self._warm_up()
        return self

    def start(self) -> None:
        """Start the services and wait for nothing."""
        for service in self.services:
            self._exits.enter_context(service)

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for service in self.services:
            if service.running:
                service.terminate()
        self._exits.close()

    @property
    def services(self) -> list[Service]:
        """All of them."""
        return [self.sink, *self.extractors]

    def _warm_up(self) -> None:
        """Send articles until each extractor has read some: it has its partitions then, and its tables in memory."""
        done: dict[Service, float] = {}
        while not done or not all(done.values()):
            warm = articles.make(4 * self.partitions, f"warm{uuid4().hex[:6]}", partitions=self.partitions)
            self.send(warm)
            done = {service: service.metric("lagebild_articles_processed_total") for service in self.extractors}

    def send(self, batch: Sequence[Article], rate: float | None = None) -> Passage:
        """Send articles, wait until all are rows, and say how long it took."""
        return asyncio.run(self._send(batch, rate))

    async def _send(self, batch: Sequence[Article], rate: float | None) -> Passage:
        before = self._cpu()
        wanted = {article.id for article in batch}
        sending = asyncio.create_task(produce(batch, self.settings, SendOptions(rate=rate)))
        seen = await self._watch(wanted)
        await sending
        after = self._cpu()
        sent = await self._sent(wanted)
        return Passage(
            articles=len(wanted),
            seconds=max(seen.values()) - min(sent.values()),
            latencies=sorted(seen[name] - sent[name] for name in wanted),
            cpu={part: after[part] - before[part] for part in after},
        )

    async def _watch(self, wanted: set[str]) -> dict[str, float]:
        """When each article's receipt, and with it all its rows, could first be read; seconds since 1970."""
        seen: dict[str, float] = {}
        end = time.monotonic() + PATIENCE_SECONDS
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as rows:
            last = 0
            while wanted - seen.keys():
                if time.monotonic() > end:
                    raise RuntimeError(f"{len(wanted - seen.keys())} articles have no rows: see {self.folder}")
                found = rows.execute("SELECT rowid, article_id FROM extractions WHERE rowid > ?", (last,)).fetchall()
                now = time.time()
                for number, name in found:
                    last = max(last, number)
                    seen.setdefault(name, now)
                await asyncio.sleep(LOOK_SECONDS)
        return seen

    async def _sent(self, wanted: set[str]) -> dict[str, float]:
        """Kafka's timestamp of each article, seconds since 1970."""
        topic = self.settings.topic("articles")
        found: dict[str, float] = {}
        async with AIOKafkaConsumer(bootstrap_servers=self.settings.bootstrap_servers) as consumer:
            consumer.assign([TopicPartition(topic, number) for number in range(self.partitions)])
            await consumer.seek_to_beginning()
            while wanted - found.keys():
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found |= {record.key.decode(): record.timestamp / 1000 for record in records}
        # Those of the warming up stand in the topic too, and came earlier.
        return {name: found[name] for name in wanted}

    def count(self) -> int:
        """Articles whose rows are there, those of the warming up too."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as rows:
            return int(rows.execute("SELECT count(*) FROM extractions").fetchone()[0])

    def _cpu(self) -> dict[str, float]:
        return {
            "worker processes": sum(cpu.of_descendants(service.pid) for service in self.extractors),
            "extractor's own process": sum(cpu.of_process(service.pid) for service in self.extractors),
            "sink": cpu.of_process(self.sink.pid),
            "broker": cpu.of_process(self.broker.pid or os.getpid()),
            "producer, and who measures": cpu.of_process(os.getpid()),
        }


def first_row(broker: LocalBroker, folder: Path) -> float:
    """Seconds from the start of extractor and sink to the first row, of an article that has been waiting."""
    stream = Stream(broker, folder)
    asyncio.run(create_topics(stream.settings))
    (waiting,) = articles.make(1, "first")
    asyncio.run(produce([waiting], stream.settings))
    started = time.monotonic()
    try:
        stream.start()
        while not _has_rows(stream.database):
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise RuntimeError(f"no row after {PATIENCE_SECONDS:.0f} s: see {folder}")
            time.sleep(LOOK_SECONDS)
        return time.monotonic() - started
    finally:
        stream.__exit__(None, None, None)


def _has_rows(database: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as rows:
            return bool(rows.execute("SELECT count(*) FROM extractions").fetchone()[0])
    except sqlite3.OperationalError:  # not there yet, or without tables
        return False
