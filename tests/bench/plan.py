"""What is measured, in which order; each step says on standard error what it does."""

import os
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path

from services.broker import LocalBroker
from tests.bench import articles, bare, flame
from tests.bench.stream import Passage, Stream, first_row

LENGTHS = (120, 330, 1000, 3000)
"""Words of an article."""

BATCH = 32
"""Numbers of articles are multiples of it, so that they can be dealt out evenly."""


@dataclass
class Measurements:
    """All that `python -m tests.bench` finds. Rates are articles a second."""

    machine: str
    words: float = 0.0
    first_row: float = 0.0
    bare: dict[int, float] = field(default_factory=dict)
    """By processes."""
    stream: dict[int, Passage] = field(default_factory=dict)
    """By extractor services of one process each."""
    pool: Passage | None = None
    """One extractor service with two processes."""
    half: Passage | None = None
    half_rate: float = 0.0
    partitions: dict[int, Passage] = field(default_factory=dict)
    """Two extractor services, by partitions."""
    lengths: dict[int, tuple[float, float]] = field(default_factory=dict)
    """Words of an article, and the rate of one process, by words asked for."""
    bytes_kafka: float = 0.0
    bytes_database: float = 0.0
    """Of an article."""
    parts: dict[str, float] = field(default_factory=dict)
    """Share of the extractor's samples by part."""


def measure(broker: LocalBroker, folder: Path, seconds: float, picture: Path) -> Measurements:
    """Measure everything.

    Args:
        broker: a running one.
        folder: for logs and databases.
        seconds: how long one measurement with one process shall take; those with two take half of it.
        picture: where the flame graph goes.
    """
    found = Measurements(machine=_machine())
    say("start to first row")
    found.first_row = first_row(broker, folder)
    say("how many articles to take")
    number = _rounded(bare.articles_a_second(articles.make(BATCH, "try"), 1) * seconds)
    found.words = articles.mean_words(articles.make(number, "words"))
    for processes in (1, 2):
        say(f"bare extraction, {number} articles, processes: {processes}")
        found.bare[processes] = bare.articles_a_second(articles.make(number, "bare"), processes)
    _one_worker(found, broker, folder, number, picture)
    say(f"stream, {number} articles, extractors: 2")
    with Stream(broker, folder, workers=2) as stream:
        found.stream[2] = stream.send(articles.make(number, "two"))
    say("stream, one extractor with two processes")
    with Stream(broker, folder, processes=2) as stream:
        found.pool = stream.send(articles.make(number, "pool"))
    _partitions(found, broker, folder, number)
    _lengths(found, seconds)
    return found


def say(step: str) -> None:
    """Tell whoever waits."""
    print(f"… {step}", file=sys.stderr, flush=True)


def _one_worker(found: Measurements, broker: LocalBroker, folder: Path, number: int, picture: Path) -> None:
    with Stream(broker, folder) as stream:
        say(f"stream, {number} articles, extractors: 1")
        found.stream[1] = stream.send(articles.make(number, "one"))
        say("stream, at half of that rate")
        found.half_rate = found.stream[1].rate / 2
        found.half = stream.send(articles.make(_rounded(number / 2), "half"), rate=found.half_rate)
        say("where the time goes")
        _sample(found, stream, number, picture)
        rows = stream.count()
        found.bytes_database = stream.database.stat().st_size / rows
        found.bytes_kafka = _log_bytes(folder, stream.settings.topic_prefix) / rows


def _sample(found: Measurements, stream: Stream, number: int, picture: Path) -> None:
    pid = stream.extractors[0].pid
    raw = picture.with_suffix(".txt")
    with flame.sampled(pid, raw, "raw"):
        stream.send(articles.make(_rounded(number / 3), "raw"))
    found.parts = flame.shares(flame.stacks(raw))
    with flame.sampled(pid, picture, "flamegraph"):
        stream.send(articles.make(_rounded(number / 3), "flame"))


def _log_bytes(folder: Path, prefix: str) -> int:
    """Bytes of Kafka's segments of the topics that begin with `prefix`."""
    data = kafka_folder(folder) / "data"
    return sum(path.stat().st_size for path in data.rglob("*.log") if path.parent.name.startswith(prefix))


def kafka_folder(folder: Path) -> Path:
    """Where the broker of a measurement keeps its data."""
    return folder / "kafka"


def _partitions(found: Measurements, broker: LocalBroker, folder: Path, number: int) -> None:
    for partitions in (2, 16):
        say(f"stream, {number} articles, extractors: 2, partitions: {partitions}")
        with Stream(broker, folder, workers=2, partitions=partitions) as stream:
            found.partitions[partitions] = stream.send(articles.make(number, "part", partitions=partitions))
    found.partitions[4] = found.stream[2]


def _lengths(found: Measurements, seconds: float) -> None:
    rate = found.bare[1] * found.words
    for words in LENGTHS:
        say(f"bare extraction, articles of {words} words")
        some = articles.make(max(2, round(rate * seconds / 3 / words)), "long", words=words)
        found.lengths[words] = (articles.mean_words(some), bare.articles_a_second(some, 1))


def _rounded(number: float) -> int:
    return max(BATCH, round(number / BATCH) * BATCH)


def _machine() -> str:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    load = " ".join(f"{part:.1f}" for part in os.getloadavg()[:2])
    return f"{len(os.sched_getaffinity(0))} cores, {model}, Python {platform.python_version()}, load before: {load}"
