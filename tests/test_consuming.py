"""The examples of docs/consuming.md, each run against a real broker with the records that the extractor made."""

import asyncio
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from schemas import Article, Event, read_event, write
from services.common.kafka import make_producer
from services.common.settings import Settings
from services.common.topics import create_topics
from services.dead_letters.record import Origin
from services.extractor import work
from services.extractor.publisher import Publisher
from services.producer import read_articles
from tests.conftest import ReadTopic
from tests.processes import ROOT, until
from tests.tools import need

EXAMPLES = ROOT / "examples" / "consuming"
NPM_CACHE = ROOT / ".cache" / "npm"
# Flag and face are no single UTF-16 unit: a consumer that counts those cuts the words elsewhere.
EMOJI = "😀 Eilmeldung 🇺🇦: „Wir liefern 40 Panzer an die Ukraine“, sagte Ministerin Lena Brückner 🎉 in Berlin."
UNKNOWN = {"schema_version": "1.9", "type": "ceasefire", "status": "actual", "mood": "sober"}

Command = list[str]


@pytest.fixture(scope="module")
def stream(broker: str) -> Settings:
    """Topics with the records of the seeds, found and sent by the extractor's own code."""
    settings = Settings(_env_file=None, bootstrap_servers=broker, topic_prefix=f"c{uuid4().hex[:8]}-")
    articles = [item for item in read_articles([ROOT / "seeds"]) if isinstance(item, Article)]
    articles.append(Article(id="emoji", text=EMOJI))
    work.initialise(None, 0)
    outcomes = [work.read_message(write(article)) for article in articles]
    origins = [Origin(settings.topic("articles"), 0, n, 0, a.id.encode(), write(a)) for n, a in enumerate(articles)]
    asyncio.run(publish(settings, list(zip(origins, outcomes, strict=True))))
    return settings


async def publish(settings: Settings, results: list[tuple[Origin, work.Outcome]]) -> None:
    await create_topics(settings)
    async with make_producer(settings) as producer:
        await Publisher(settings, producer).publish(results)


@pytest.fixture
async def events(stream: Settings, read_topic: ReadTopic) -> list[Event]:
    """The records of the topic that this version knows."""
    values = [record.value for record in await read_topic(stream.topic("events"))]
    known = [read_event(value) for value in values if json.loads(value)["type"] != UNKNOWN["type"]]
    assert {event.type for event in known} == {"deployment", "supply", "statement"}
    assert any(event.article.id == "emoji" for event in known)
    return known


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The Java example, compiled by Maven."""
    need("javac", "openjdk-17-jdk-headless")
    folder = tmp_path_factory.mktemp("java") / "read-events"
    shutil.copytree(EXAMPLES / "java", folder, ignore=shutil.ignore_patterns("target"))
    run([need("mvn", "maven"), "-q", "-B", "-ntp", "package"], folder)
    classes = f"{folder}/target/classes:{folder}/target/lib/*"
    return [need("java", "openjdk-17-jdk-headless"), "-cp", classes, "org.lagebild.example.ReadEvents"]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The Node example, with what its lock file names."""
    folder = tmp_path_factory.mktemp("node") / "read-events"
    shutil.copytree(EXAMPLES / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    offline = ["--prefer-offline", "--cache", str(NPM_CACHE), "--ignore-scripts", "--no-audit", "--no-fund"]
    run([need("npm", "npm"), "ci", *offline], folder)
    return [need("node", "nodejs"), str(folder / "read-events.js")]


@pytest.fixture(scope="module")
def aiokafka() -> Command:
    return [sys.executable, str(EXAMPLES / "python" / "with_aiokafka.py")]


@pytest.fixture(scope="module")
def confluent() -> Command:
    return [sys.executable, str(EXAMPLES / "python" / "with_confluent_kafka.py")]


def run(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def line(event: Event) -> str:
    """What each example prints for a record, made without the example's arithmetic."""
    sentence, anchor = event.evidence.text, event.anchor
    before = sentence[: anchor.start - event.evidence.start]
    after = sentence[len(before) + len(anchor.text) :]
    marked = f"{before}[{anchor.text}]{after}".replace("\n", " ")
    return "\t".join((str(event.event_id), event.type, event.status, event.article.id, marked))


class Reader:
    """An example, running. What it prints goes into files."""

    def __init__(self, command: Command, settings: Settings, group: str, folder: Path) -> None:
        self._out, self._err = folder / f"{uuid4().hex}.out", folder / f"{uuid4().hex}.err"
        arguments = [settings.bootstrap_servers, settings.topic("events"), group]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen([*command, *arguments], stdout=out, stderr=err, env=environment)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def lines(self) -> list[str]:
        return self._out.read_text(encoding="utf-8").splitlines()

    def errors(self) -> str:
        return self._err.read_text(encoding="utf-8", errors="replace")

    def printed(self, number: int) -> list[str]:
        """Wait for so many lines."""
        until(lambda: len(self.lines()) >= number or self._process.poll() is not None, f"{number} lines printed")
        assert self._process.poll() is None, self.errors()
        return self.lines()

    def terminate(self) -> int:
        self._process.terminate()
        return self._process.wait(60)


async def send(settings: Settings, values: Sequence[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers, compression_type="lz4") as producer:
        for value in values:
            await producer.send_and_wait(settings.topic("events"), value, key=b"emoji")


@pytest.mark.parametrize("example", ["aiokafka", "confluent", "java", "node"])
async def test_an_example_prints_every_record_and_goes_on_where_it_stopped(
    example: str, stream: Settings, events: list[Event], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    command = request.getfixturevalue(example)
    group = f"{stream.topic_prefix}{example}"
    with Reader(command, stream, group, tmp_path) as first:
        printed = await asyncio.to_thread(first.printed, len(events))
        assert sorted(printed) == sorted(map(line, events))
        # The JVM ends with 128 + 15 after SIGTERM, whatever the program does.
        assert first.terminate() in ((0, 143) if example == "java" else (0,)), first.errors()
    last = max(events, key=lambda event: event.article.id == "emoji")
    later = last.model_copy(update={"event_id": uuid4()})
    await send(stream, [json.dumps(UNKNOWN).encode(), later.model_dump_json().encode()])
    events.append(later)
    with Reader(command, stream, group, tmp_path) as second:
        assert await asyncio.to_thread(second.printed, 1) == [line(later)]
        assert "ceasefire" in second.errors() or "type" in second.errors()


def kcat_lines() -> list[str]:
    """The command lines of docs/consuming.md."""
    return [
        one for one in (ROOT / "docs" / "consuming.md").read_text(encoding="utf-8").splitlines() if one[:5] == "kcat "
    ]


@pytest.mark.parametrize("command", kcat_lines())
async def test_kcat_prints_what_is_in_the_topic(command: str, stream: Settings, read_topic: ReadTopic) -> None:
    need("kcat", "kcat")
    words = shlex.split(command)
    words[words.index("-b") + 1] = stream.bootstrap_servers
    topic = words[words.index("-t") + 1] = stream.topic_prefix + words[words.index("-t") + 1]
    printed = (await asyncio.to_thread(run, words, ROOT)).splitlines()
    records = [record for record in await read_topic(topic) if record.headers]
    assert len(records) > 10
    for record in records:
        value, key = record.value.decode(), record.key.decode()
        kind = dict(record.headers)["ce_type"].decode()
        wanted = {"%k %h\\n": (f"{key} ", f"ce_type={kind}"), "%k %s\\n": (f"{key} {value}",)}.get(words[-1], (value,))
        assert any(all(part in one for part in wanted) for one in printed), wanted
