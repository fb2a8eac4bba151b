"""Dead letters as rows: what the sink keeps of each, on both databases, and what must never become a loop."""

import asyncio
import hashlib
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from schemas import DeadLetter
from services.common.settings import Settings
from services.dead_letters.record import Failure, Origin, dead_letter
from services.dead_letters.requeue import requeue
from services.storage import Change, Requeue, Store, open_store
from tests.conftest import ReadTopic, SendRaw
from tests.findings import article, moment
from tests.sinking import expected, processed, running, send, stored

FAILED = datetime(2024, 10, 28, 18, 30, tzinfo=UTC)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(open_store(url)) as store:
        yield store


def letter(**changes: Any) -> DeadLetter:
    values = {
        "id": "articles-2-17",
        "position": 5,
        "partition": 1,
        "topic": "articles",
        "original_partition": 2,
        "original_offset": 17,
        "stage": "decode",
        "exception": "schemas.InvalidRecord",
        "message": "the message is no JSON",
        "tries": 2,
        "failed_at": FAILED,
        "timestamp_ms": 1_700_000_000_000,
    }
    return DeadLetter(**values).model_copy(update={"key": b"artikel-1", "value": b"no json"} | changes)


def rows(url: str) -> list[dict[str, Any]]:
    """All rows, moments as moments."""
    drivername = "postgresql+psycopg" if url.startswith("postgres") else "sqlite"
    engine = sa.create_engine(sa.make_url(url).set(drivername=drivername), poolclass=sa.NullPool)
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT * FROM dead_letters ORDER BY dead_letter_id")).mappings().all()
    engine.dispose()
    return [{name: _value(name, value) for name, value in row.items()} for row in found]


def _value(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name.endswith("_at") and isinstance(value, str) else value


def test_a_row_says_what_failed_where_and_why_without_the_message(store: Store, url: str) -> None:
    store.write([Change(letter(), moment(0))], "test", {})
    assert rows(url) == [
        {
            "dead_letter_id": "articles-2-17",
            "topic": "articles",
            "partition_number": 2,
            "message_offset": 17,
            "message_key": "artikel-1",
            "stage": "decode",
            "exception": "schemas.InvalidRecord",
            "reason": "the message is no JSON",
            "tries": 2,
            "failed_at": FAILED,
            "sent_at": datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
            "value_length": 7,
            "value_sha256": hashlib.sha256(b"no json").hexdigest(),
            "requeued_at": None,
        }
    ]
    assert store.counts().dead_letters == 1


def test_what_was_cut_keeps_the_digest_of_the_whole(store: Store, url: str) -> None:
    store.write([Change(letter(value_sha256="ab" * 32, value_length=9_000_000), moment(0))], "test", {})
    (row,) = rows(url)
    assert (row["value_sha256"], row["value_length"]) == ("ab" * 32, 9_000_000)


def test_a_tombstone_has_no_digest_and_odd_text_is_no_obstacle(store: Store, url: str) -> None:
    odd = letter(key=b"\x00\xff", value=None, message="U+0000: \x00", failed_at=None, timestamp_ms=2**62)
    store.write([Change(odd, moment(3))], "test", {})
    (row,) = rows(url)
    assert (row["message_key"], row["value_length"], row["value_sha256"]) == (r"\x00\xff", None, None)
    assert (row["reason"], row["failed_at"], row["sent_at"]) == (r"U+0000: \x00", moment(3), None)


def test_any_order_of_letters_and_marks_gives_the_same_rows(store: Store, url: str) -> None:
    other = letter(id="events-0-3", topic="events")
    changes = [Change(letter(), moment(0)), Change(other, moment(1)), Change(Requeue(letter().id), moment(2))]
    seen = []
    for seed in range(6):
        store.prune(datetime(2999, 1, 1, tzinfo=UTC))
        shuffled = random.Random(seed).sample(changes, len(changes))
        for batch in (shuffled[:2], shuffled[2:], shuffled[: seed % 3]):
            store.write(batch, "test", {})
        seen.append(rows(url))
    assert [row["requeued_at"] for row in seen[0]] == [moment(2), None]
    assert all(found == seen[0] for found in seen)
    assert store.counts().dead_letters == 1


async def test_the_sink_keeps_letters_of_every_service(
    settings: Settings, url: str, send_raw: SendRaw, read_topic: ReadTopic
) -> None:
    own = settings.model_copy(update={"database": SecretStr(url), "sink_batch_size": 4})
    await send_raw(own.topic("events"), [(b"artikel-0", b"no json", []), (b"artikel-0", b"{}", [])])
    theirs = dead_letter(
        Origin(own.topic("articles"), 0, 4, int(FAILED.timestamp() * 1000), b"artikel-9", b"{}", ()),
        Failure("extract", "TimeoutError", "took longer than 60 s\x00"),
        connector="extractor",
        class_name="x",
        max_bytes=10_000,
        now=FAILED,
    )
    headers = [(name, value) for name, value in theirs.headers if value is not None]
    foreign = (b"k", b"not a dead letter at all", [])
    await send_raw(own.topic("dead_letters"), [(theirs.key, theirs.value or b"", headers), foreign])
    await send(own, processed([article()]))
    async with running(own) as store:
        await stored(store, events=3, dead_letters=3)
        await requeue(own, [f"{own.topic('articles')}-0-4"])
        await stored(store, dead_letters=2)
        kept = rows(url)
        assert {(row["topic"], row["stage"], row["requeued_at"] is None) for row in kept} == {
            (own.topic("events"), "read", True),
            (own.topic("articles"), "extract", False),
        }
        assert set(store.events()) == expected([article()])
    # Read once more from the beginning: the bad messages become dead letters again, under the same names.
    with closing(open_store(url)) as store:
        store.forget_offsets(own.sink_group)
    async with running(own) as store:
        async with asyncio.timeout(60):
            while len(await read_topic(own.topic("dead_letters"))) < 2 + 1 + 1 + 1 + 2:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)
        await stored(store, events=3, dead_letters=2)
        again = rows(url)
    moving = {"failed_at", "requeued_at"}
    assert [{k: v for k, v in row.items() if k not in moving} for row in again] == [
        {k: v for k, v in row.items() if k not in moving} for row in kept
    ]
