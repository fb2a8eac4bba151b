"""Dead letters: what they keep, how they are listed and shown, and how they are sent back."""

import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from schemas import DeadLetter
from services.cli import dead_letters as command
from services.common.errors import UserError
from services.common.settings import Settings
from services.dead_letters.limit import DeadLetterLimit
from services.dead_letters.message import Message
from services.dead_letters.reading import read_dead_letters
from services.dead_letters.record import Failure, Origin, dead_letter, marked, parse, requeue_marker
from services.dead_letters.requeue import requeue
from tests.articles import article, message
from tests.conftest import ReadTopic
from tests.processes import Service, until
from tests.standins import RAISE

MAX_BYTES = 10_000
FAILURE = Failure("extract", "ValueError", "nothing to be made of it", "Traceback …")
NOW = datetime(2024, 10, 28, 18, 30, tzinfo=UTC)

headers = st.lists(st.tuples(st.text(min_size=1, max_size=20), st.none() | st.binary(max_size=50)), max_size=5)
origins = st.builds(
    Origin,
    topic=st.from_regex(r"[a-z][a-z.-]{0,20}", fullmatch=True),
    partition=st.integers(0, 1000),
    offset=st.integers(0, 2**62),
    timestamp_ms=st.integers(0, 2**41),
    key=st.none() | st.binary(max_size=100),
    value=st.none() | st.binary(max_size=2 * MAX_BYTES),
    headers=headers,
)


YESTERDAY_MS = int(time.time() - 86_400) * 1000
LAST_YEAR_MS = int(time.time() - 400 * 86_400) * 1000


def make(origin: Origin, failure: Failure = FAILURE, max_bytes: int = MAX_BYTES, now: datetime | None = NOW) -> Message:
    return dead_letter(origin, failure, connector="group", class_name="module.function", max_bytes=max_bytes, now=now)


def record(sent: Message) -> ConsumerRecord:
    """The message as a consumer sees it."""
    return ConsumerRecord(
        topic="dead-letters",
        partition=1,
        offset=5,
        timestamp=sent.timestamp_ms or 0,
        timestamp_type=0,
        key=sent.key,
        value=sent.value,
        checksum=None,
        serialized_key_size=len(sent.key or b""),
        serialized_value_size=len(sent.value or b""),
        headers=tuple(sent.headers),
    )


@given(origins)
def test_nothing_of_the_message_is_lost_and_the_limit_is_kept(origin: Origin) -> None:
    sent = make(origin)
    assert sent.size <= MAX_BYTES
    letter = parse(record(sent))
    assert letter is not None
    assert letter.id == f"{origin.topic}-{origin.partition}-{origin.offset}"
    assert (letter.key, letter.timestamp_ms, letter.headers) == (origin.key, origin.timestamp_ms, tuple(origin.headers))
    assert (letter.stage, letter.exception, letter.message) == ("extract", "ValueError", "nothing to be made of it")
    assert letter.failed_at == NOW
    if letter.value_sha256 is None:
        assert letter.value == origin.value
    else:
        assert origin.value is not None
        assert letter.value == origin.value[: len(letter.value or b"")]
        assert letter.value_length == len(origin.value)
        assert letter.value_sha256 == hashlib.sha256(origin.value).hexdigest()


@given(st.text(), st.text(), st.none() | st.text(max_size=50_000))
def test_any_reason_can_be_told(exception: str, reason: str, stacktrace: str | None) -> None:
    origin = Origin("articles", 0, 0, 0, b"key", b"value")
    letter = parse(record(make(origin, Failure("validate", exception, reason + "\ud800", stacktrace), 100_000)))
    assert letter is not None
    assert letter.value == b"value"
    assert letter.message.startswith(reason[:4_000] or "\\ud800")


def test_headers_are_those_of_kafka_connect() -> None:
    headers = dict(make(Origin("articles", 3, 17, 1, b"k", b"v")).headers)
    assert headers["__connect.errors.topic"] == b"articles"
    assert headers["__connect.errors.partition"] == b"3"
    assert headers["__connect.errors.offset"] == b"17"
    assert headers["__connect.errors.connector.name"] == b"group"
    assert headers["__connect.errors.task.id"] == b"0"
    assert headers["__connect.errors.stage"] == b"extract"
    assert headers["__connect.errors.class.name"] == b"module.function"
    assert headers["__connect.errors.exception.class.name"] == b"ValueError"
    assert headers["__connect.errors.exception.message"] == b"nothing to be made of it"
    assert headers["__connect.errors.exception.stacktrace"] == "Traceback …".encode()


@pytest.mark.parametrize("part", ["key", "headers"])
def test_key_or_headers_that_fill_the_limit_give_way(part: str) -> None:
    vast = b"x" * MAX_BYTES
    origin = Origin("articles", 0, 0, 1, vast if part == "key" else b"key", b"v", [("h", vast)] * (part == "headers"))
    sent = make(origin)
    assert sent.size <= MAX_BYTES
    letter = parse(record(sent))
    assert letter is not None
    assert letter.value_sha256 is not None, "marked as cut, so that it is not sent back as if it were whole"


def test_record_of_another_make_is_none() -> None:
    assert parse(record(Message(b"key", b"value", [("h", b"v")], 1))) is None
    assert parse(record(Message(None, None, [("__connect.errors.topic", b"t")], 1))) is None


def test_marker_names_the_letter() -> None:
    letter = parse(record(make(Origin("articles", 3, 17, 1, b"k", b"v"))))
    assert letter is not None
    assert marked(requeue_marker(letter).headers) == "articles-3-17"


def outcomes(limit: DeadLetterLimit, pattern: str) -> str | None:
    for letter in pattern:
        limit.record(dead=letter == "x")
    return limit.reason


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", None),
        ("xx.xx.", None),
        ("xx.xxx", "3 messages in a row"),
        ("xxx" + "." * 50, "3 messages in a row"),
        ("x.x.x.x.x", None),
        ("x.x.x.x.x.", "5 of the last 10"),
        ("." * 10 + "x.x.x.x.x", "5 of the last 10"),
        ("x." * 4 + "..........x.x.x.x.", None),
    ],
)
def test_limit_stops_on_a_run_and_on_a_ratio(pattern: str, reason: str | None) -> None:
    found = outcomes(DeadLetterLimit(ratio=0.5, window=10, run=3), pattern)
    assert (found is None) == (reason is None)
    assert (reason or "") in (found or "")


def test_limit_says_which_one_it_was() -> None:
    assert outcomes(DeadLetterLimit(ratio=0.5, window=4, run=9), "x.x.") == (
        "2 of the last 4 messages have become dead letters (the limit is 50%)"
    )


# On a real broker


@pytest.fixture
def run_command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> "RunCommand":
    monkeypatch.setattr(command, "get_settings", lambda: settings)
    return RunCommand()


class RunCommand:
    """`lagebild dead-letters …` in a thread of its own: it starts an event loop, as a test has one already."""

    async def __call__(self, *arguments: str, code: int = 0) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, command.app, list(arguments))
        if isinstance(result.exception, UserError):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output


@pytest.fixture
async def producer(broker: str) -> AIOKafkaProducer:
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    yield producer
    await producer.stop()


async def put(producer: AIOKafkaProducer, settings: Settings, letters: Sequence[Message]) -> None:
    for letter in letters:
        await producer.send_and_wait(
            settings.topic("dead_letters"),
            letter.value,
            letter.key,
            headers=list(letter.headers),
            timestamp_ms=letter.timestamp_ms,
        )


async def read(settings: Settings) -> dict[str, DeadLetter]:
    return {letter.id: letter async for letter in read_dead_letters(settings)}


def origin(settings: Settings, number: int, **changes: object) -> Origin:
    facts = {
        "key": b"k%d" % number,
        "value": b"v%d" % number,
        "headers": [("h", b"1"), ("h", b"2")],
        "timestamp_ms": YESTERDAY_MS + number,
    } | changes
    return Origin(topic=settings.topic("articles"), partition=0, offset=number, **facts)  # type: ignore[arg-type] # built from parts


async def test_what_is_sent_back_is_what_came(
    settings: Settings, producer: AIOKafkaProducer, read_topic: ReadTopic
) -> None:
    came = [origin(settings, 0), origin(settings, 1, key=None, headers=()), origin(settings, 2, value=None)]
    await put(producer, settings, [make(item) for item in came])
    sent = await requeue(settings, None)
    assert [letter.id for letter in sorted(sent, key=lambda letter: letter.id)] == [item.id for item in came]
    back = {record.timestamp: record for record in await read_topic(settings.topic("articles"))}
    for item in came:
        record = back[item.timestamp_ms]
        assert (record.key, record.value) == (item.key, item.value)
        assert record.headers == (*item.headers, ("lagebild.tries", b"1"))
    assert all(letter.requeued for letter in (await read(settings)).values())
    assert await requeue(settings, None) == []


async def test_old_ones_are_safe_from_retention_and_keep_their_time(
    settings: Settings, producer: AIOKafkaProducer, read_topic: ReadTopic
) -> None:
    sent = make(origin(settings, 0, timestamp_ms=LAST_YEAR_MS), now=None)
    assert sent.timestamp_ms is None
    await put(producer, settings, [sent])
    assert [letter.timestamp_ms for letter in (await read(settings)).values()] == [LAST_YEAR_MS]
    await requeue(settings, None)
    (back,) = await read_topic(settings.topic("articles"))
    assert back.timestamp > YESTERDAY_MS
    assert dict(back.headers)["lagebild.timestamp"] == b"%d" % LAST_YEAR_MS


async def test_one_stored_twice_is_sent_back_once(settings: Settings, producer: AIOKafkaProducer) -> None:
    await put(producer, settings, [make(origin(settings, 0)), make(origin(settings, 0))])
    assert len(await requeue(settings, [origin(settings, 0).id])) == 1


async def test_cut_and_unknown_ones_are_refused_before_anything_is_sent(
    settings: Settings, producer: AIOKafkaProducer, read_topic: ReadTopic
) -> None:
    whole, cut = origin(settings, 0), origin(settings, 1, value=b"x" * 2 * MAX_BYTES)
    await put(producer, settings, [make(whole), make(cut)])
    with pytest.raises(UserError, match=r"part of its value.*20000 bytes.*send the article again"):
        await requeue(settings, [whole.id, cut.id])
    with pytest.raises(UserError, match="no dead letter articles-9-9"):
        await requeue(settings, [whole.id, "articles-9-9"])
    assert await read_topic(settings.topic("articles")) == []
    assert [letter.id for letter in await requeue(settings, None)] == [whole.id]


async def test_missing_topic_is_said_with_the_remedy(settings: Settings) -> None:
    with pytest.raises(UserError, match=r"nowhere-dead-letters does not exist.*lagebild topics create"):
        await read(settings.model_copy(update={"topic_prefix": "nowhere-"}))


async def test_list_filters(settings: Settings, producer: AIOKafkaProducer, run_command: RunCommand) -> None:
    failures = [FAILURE, Failure("decode", "schemas.codec.InvalidRecord", "[red]not JSON[/red]")]
    await put(producer, settings, [make(origin(settings, n), failure) for n, failure in enumerate(failures)])
    listed = [json.loads(line) for line in (await run_command("list", "--json")).splitlines()]
    assert [item["original_offset"] for item in listed] == [0, 1]
    by_stage = (await run_command("list", "--json", "--stage", "decode")).splitlines()
    by_class = (await run_command("list", "--json", "--class", "ValueError")).splitlines()
    assert [json.loads(line)["original_offset"] for line in by_stage + by_class] == [1, 0]
    assert "No dead letters" in await run_command("list", "--since", "2024-10-29")
    assert len((await run_command("list", "--json", "--since", "2024-10-28T19:00:00+01:00")).splitlines()) == 2
    assert "[red]" in await run_command("list")
    with pytest.raises(UserError, match="is no time"):
        await run_command("list", "--since", "gestern")


async def test_show_keeps_control_characters_from_the_terminal(
    settings: Settings, producer: AIOKafkaProducer, run_command: RunCommand
) -> None:
    await put(producer, settings, [make(origin(settings, 0, value=b"\x1b[2Jv\xff"))])
    shown = await run_command("show", origin(settings, 0).id)
    assert "nothing to be made of it" in shown
    assert "\\x1b[2Jv\\xff" in shown
    assert "\x1b" not in shown
    with pytest.raises(UserError, match="no dead letter x"):
        await run_command("show", "x")


async def test_requeue_asks_first(
    settings: Settings, producer: AIOKafkaProducer, read_topic: ReadTopic, run_command: RunCommand
) -> None:
    await put(producer, settings, [make(origin(settings, 0)), make(origin(settings, 1, value=b"x" * 2 * MAX_BYTES))])
    with pytest.raises(UserError, match="name the dead letters"):
        await run_command("requeue")
    await run_command("requeue", "--all", code=1)
    assert await read_topic(settings.topic("articles")) == []
    said = await run_command("requeue", "--all", "--yes")
    assert "1 messages sent back" in said
    assert f"{origin(settings, 1).id} stays" in said
    assert json.loads(await run_command("list", "--json"))["original_offset"] == 1
    assert len((await run_command("list", "--json", "--requeued")).splitlines()) == 2


async def test_several_are_sent_back_by_name(
    settings: Settings, producer: AIOKafkaProducer, read_topic: ReadTopic, run_command: RunCommand
) -> None:
    came = [origin(settings, number) for number in range(4)]
    await put(producer, settings, [make(item) for item in came])
    chosen = [came[2], came[0]]
    said = await run_command("requeue", "--yes", *(item.id for item in chosen), came[2].id)
    assert "2 messages sent back" in said
    back = await read_topic(settings.topic("articles"))
    assert {(r.key, r.value, r.headers, r.timestamp) for r in back} == {
        (item.key, item.value, (*item.headers, ("lagebild.tries", b"1")), item.timestamp_ms) for item in chosen
    }
    assert {record.id: record.requeued for record in (await read(settings)).values()} == {
        item.id: item in chosen for item in came
    }
    with pytest.raises(UserError, match="no dead letter articles-9-9"):
        await run_command("requeue", "--yes", came[1].id, "articles-9-9")
    assert len(await read_topic(settings.topic("articles"))) == 2


async def test_requeued_after_a_fix_is_read_and_one_that_fails_again_counts_its_tries(
    settings: Settings, producer: AIOKafkaProducer, read_topic: ReadTopic, tmp_path: Path
) -> None:
    key, value, _ = message(article(1, f"Das sagte er. {RAISE}"))
    await producer.send_and_wait(
        settings.topic("articles"), value, key, headers=[("trace", b"1")], timestamp_ms=YESTERDAY_MS
    )

    def service(model: str) -> Service:
        changed = settings.model_copy(update={"extractor_model": f"tests.standins:{model}"})
        return Service.command("extractor", changed, tmp_path / f"{model}.log")

    with service("make") as running:
        until(lambda: running.metric("lagebild_dead_letters_total") == 1, "a dead letter")
        await requeue(settings, None)
        until(lambda: running.metric("lagebild_dead_letters_total") == 2, "it fails again")
        assert running.terminate() == 0
    first, second = sorted((await read(settings)).values(), key=lambda letter: letter.tries)
    assert (first.tries, first.requeued, second.tries, second.requeued) == (1, True, 2, False)
    assert (second.key, second.value, second.headers, second.timestamp_ms) == (
        key,
        value,
        (("trace", b"1"),),
        YESTERDAY_MS,
    )
    await requeue(settings, [second.id])
    with service("make_forgiving") as running:
        until(lambda: running.metric("lagebild_articles_processed_total", outcome="events") == 1, "read at last")
        assert running.terminate() == 0
    assert len(await read_topic(settings.topic("events"))) == 1
