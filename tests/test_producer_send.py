"""Sends to a real broker, and the command around them."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord

from schemas import Article, read_article, write
from services.broker import LocalBroker
from services.cli.produce import produce as produce_command
from services.common.errors import UserError
from services.common.settings import Settings
from services.common.topics import create_topics
from services.producer import BadInput, ReadOptions, SendOptions, produce, read_articles
from tests.conftest import ReadTopic


def articles(count: int, prefix: str = "a") -> list[Article]:
    return [Article(id=f"{prefix}-{n}", text=f"Meldung {n}: 20 Panzer trafen ein.") for n in range(count)]


def names(records: list[ConsumerRecord]) -> list[str]:
    return sorted(record.key.decode() for record in records)


async def test_every_confirmed_article_is_in_the_topic(settings: Settings, read_topic: ReadTopic) -> None:
    sent = articles(2500)
    counts: list[int] = []
    summary = await produce(sent, settings, progress=counts.append)
    records = await read_topic(settings.topic("articles"))
    assert (summary.read, summary.confirmed, summary.rejected, summary.interrupted) == (2500, 2500, 0, False)
    assert summary.bytes == sum(len(record.value) for record in records)
    assert counts == list(range(1, 2501))
    assert sorted([read_article(record.value) for record in records], key=lambda a: a.id) == sorted(
        sent, key=lambda a: a.id
    )


async def test_a_message_says_what_it_is(settings: Settings, read_topic: ReadTopic) -> None:
    await produce([Article(id="ä-1", text="Panzer.")], settings)
    (record,) = await read_topic(settings.topic("articles"))
    assert record.key == "ä-1".encode()
    headers = dict(record.headers)
    assert headers["ce_type"] == b"org.lagebild.article"
    assert headers["ce_id"] == "ä-1".encode()
    assert headers["ce_source"] == b"/lagebild/producer"
    assert headers["ce_specversion"] == b"1.0"
    assert headers["content-type"].startswith(b"application/json")


async def test_all_about_one_article_is_in_one_partition_in_order(settings: Settings, read_topic: ReadTopic) -> None:
    versions = [Article(id=f"a-{n % 7}", text=f"Fassung {n}.") for n in range(140)]
    await produce(versions, settings)
    records = await read_topic(settings.topic("articles"))
    for key in {record.key for record in records}:
        same = [record for record in records if record.key == key]
        assert len({record.partition for record in same}) == 1
        texts = [read_article(record.value).text for record in sorted(same, key=lambda record: record.offset)]
        assert texts == [article.text for article in versions if article.id == key.decode()]


async def test_a_replay_has_the_same_keys_and_values(settings: Settings, read_topic: ReadTopic, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": f"Satz {n}."}) + "\n" for n in range(20)))
    await produce(read_articles([path], ReadOptions(repeat=2)), settings)
    await produce(read_articles([path]), settings)
    records = await read_topic(settings.topic("articles"))
    assert len(records) == 60
    assert len({(record.key, record.value) for record in records}) == 20


async def test_bad_inputs_are_told_and_the_good_ones_sent(settings: Settings, read_topic: ReadTopic) -> None:
    bad = BadInput("a.jsonl", 2, "not JSON")
    told: list[BadInput] = []
    summary = await produce([*articles(2), bad, *articles(1, "b")], settings, rejected=told.append)
    assert told == [bad]
    assert (summary.confirmed, summary.rejected) == (3, 1)
    assert names(await read_topic(settings.topic("articles"))) == ["a-0", "a-1", "b-0"]


async def test_a_dry_run_counts_and_needs_no_broker() -> None:
    nowhere = Settings(_env_file=None, bootstrap_servers="127.0.0.1:1")
    counts: list[int] = []
    summary = await produce(articles(5), nowhere, SendOptions(dry_run=True), progress=counts.append)
    assert (summary.read, summary.confirmed) == (5, 0)
    assert counts == [1, 2, 3, 4, 5]


async def test_the_rate_is_kept(settings: Settings) -> None:
    summary = await produce(articles(21), settings, SendOptions(rate=50))
    assert summary.confirmed == 21
    assert summary.seconds > 20 / 50  # never faster; how much slower is the machine's affair


async def test_stopping_confirms_what_was_sent_and_reads_no_further(settings: Settings, read_topic: ReadTopic) -> None:
    stop = asyncio.Event()
    released = asyncio.Event()

    def endless() -> Iterator[Article]:
        number = 0
        while True:
            yield Article(id=f"a-{number}", text="Immer weiter.")
            number += 1

    def advanced(count: int) -> None:
        if count == 300:
            stop.set()
            released.set()

    summary = await produce(endless(), settings, progress=advanced, stop=stop)
    assert released.is_set()
    assert summary.interrupted
    assert summary.read == summary.confirmed == len(await read_topic(settings.topic("articles")))


async def test_stopping_does_not_wait_for_input_that_never_comes(settings: Settings) -> None:
    end, hold = os.pipe()
    stop = asyncio.Event()

    def waiting() -> Iterator[Article]:
        yield from articles(1)
        with os.fdopen(end, "rb") as silent:
            silent.read()

    summary = await produce(waiting(), settings, progress=lambda _: stop.set(), stop=stop)
    os.close(hold)
    assert summary.confirmed == 1


async def test_an_error_of_the_source_comes_out_after_what_it_gave(settings: Settings, read_topic: ReadTopic) -> None:
    def failing() -> Iterator[Article]:
        yield from articles(3)
        raise UserError("the archive is encrypted")

    with pytest.raises(UserError, match="the archive is encrypted"):
        await produce(failing(), settings)
    assert names(await read_topic(settings.topic("articles"))) == ["a-0", "a-1", "a-2"]


async def test_a_missing_topic_is_said(settings: Settings) -> None:
    other = settings.model_copy(update={"articles_topic": "nobody-made-this"})
    with pytest.raises(UserError, match="nobody-made-this does not exist: create the topics with `lagebild topics"):
        await produce(articles(1), other)


async def test_a_missing_broker_is_said() -> None:
    with pytest.raises(UserError, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
        await produce(articles(1), Settings(_env_file=None, bootstrap_servers="127.0.0.1:1"))


async def test_a_topic_that_takes_less_than_the_settings_is_said_before_anything_is_sent(settings: Settings) -> None:
    small = settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}small-", "max_message_bytes": 20_000})
    await create_topics(small)
    large = small.model_copy(update={"max_message_bytes": 1_000_000})
    with pytest.raises(UserError, match=r"articles takes messages of 20000 bytes.*MAX_MESSAGE_BYTES is 1000000"):
        await produce(articles(3), large)


async def test_an_article_larger_than_a_message_is_bad_input_and_the_others_are_sent(
    settings: Settings, read_topic: ReadTopic
) -> None:
    small = settings.model_copy(update={"max_message_bytes": 20_000})
    told: list[BadInput] = []
    large = Article(id="gross", text="Wir bleiben. " * 2_000)
    summary = await produce([large, *articles(3)], small, rejected=told.append)
    assert (summary.confirmed, summary.rejected) == (3, 1)
    assert re.match(r"gross: too large: 26\d{3} bytes", str(told[0]))
    assert "gross" not in names(await read_topic(settings.topic("articles")))


@pytest.mark.faults
async def test_articles_wait_for_a_broker_that_is_away() -> None:
    """A broker that is killed in mid-stream and comes back, and one that does not come back before Ctrl-C."""
    with LocalBroker() as broker:
        settings = Settings(_env_file=None, bootstrap_servers=broker.bootstrap_servers)
        await create_topics(settings)
        restarts: list[asyncio.Task[None]] = []

        def crash_once(count: int) -> None:
            if count == 100 and not restarts:
                broker.kill()
                restarts.append(asyncio.create_task(asyncio.to_thread(broker.restart)))

        summary = await produce(articles(400), settings, SendOptions(rate=400), progress=crash_once)
        await restarts[0]
        assert summary.confirmed == 400

        stop = asyncio.Event()

        def crash_for_good(count: int) -> None:
            if count == 100:
                broker.kill()
                asyncio.get_running_loop().call_later(1.0, stop.set)

        endless = (article for _ in range(1000) for article in articles(1000))
        with pytest.raises(UserError, match=r"stopped, but the broker has confirmed only \d+ of \d+ articles"):
            await produce(endless, settings, progress=crash_for_good, stop=stop)


PROGRAM = "import typer; from services.cli.produce import produce; typer.run(produce)"


def start(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    """The command in a process of its own: it handles signals, which only a main thread may."""
    environment = os.environ | {
        "LAGEBILD_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "LAGEBILD_TOPIC_PREFIX": settings.topic_prefix,
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def invoke(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    with start(settings, *arguments) as child:
        out, err = child.communicate(timeout=60)
    return child.returncode, out, err


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "inputs"
    folder.mkdir()
    (folder / "a.txt").write_text("Truppen\n\n20 Panzer trafen ein.\n")
    (folder / "b.jsonl").write_text('{"id": "b-1", "text": "Eins."}\n{"id": "b-2"}\n')
    return folder


async def test_the_command_reports_bad_input_and_fails(settings: Settings, inputs: Path, read_topic: ReadTopic) -> None:
    code, out, err = await asyncio.to_thread(invoke, settings, str(inputs))
    assert code == 1
    assert f"{inputs}/b.jsonl:2: not an article: text: Field required" in err
    assert out.startswith("2 articles confirmed in ")
    assert "1 bad inputs passed over" in out
    assert len(await read_topic(settings.topic("articles"))) == 2


async def test_the_command_may_skip_bad_input(settings: Settings, inputs: Path) -> None:
    code, _, err = await asyncio.to_thread(invoke, settings, "--skip-bad", str(inputs))
    assert code == 0
    assert "b.jsonl:2" in err


def test_the_command_lists_what_it_would_send(inputs: Path) -> None:
    nowhere = Settings(_env_file=None, bootstrap_servers="127.0.0.1:1")
    options = ("--dry-run", "--published-at", "2024-10-28", str(inputs / "a.txt"))
    code, out, _ = invoke(nowhere, *options)
    assert code == 0
    assert "\t2024-10-28\tTruppen\n" in out
    assert "1 articles checked, nothing sent" in out


@pytest.mark.parametrize("written", ["gestern", "2024-10-28T10:00", "28.10.2024", ""])
def test_a_date_that_is_none_is_refused(written: str, inputs: Path) -> None:
    with pytest.raises(UserError, match=f"--published-at '{written}' cannot be used: "):
        produce_command([str(inputs)], dry_run=True, published_at=written)


async def test_ctrl_c_ends_in_order(settings: Settings, read_topic: ReadTopic) -> None:
    with start(settings, "-") as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("".join(write(article).decode() + "\n" for article in articles(10)))
        child.stdin.flush()
        while len(await read_topic(settings.topic("articles"))) < 10:
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        # Standard input stays open: the command must not wait for it.
        code = await asyncio.to_thread(child.wait, 20)
        output = child.stdout.read()
    assert code == 130
    assert output.startswith("10 articles confirmed")
    assert output.rstrip().endswith("stopped before the end")
