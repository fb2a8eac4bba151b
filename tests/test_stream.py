"""The whole stream on a real broker: articles in, exactly the records of `extract` out, whatever is replayed."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas import Article, Event, write
from services.common.settings import Settings
from services.extraction import load_extractor
from services.producer import produce, read_articles
from services.storage import Store, open_store
from tests.processes import Service

SEEDS = Path(__file__).parents[1] / "seeds"


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    found = [item for item in read_articles([SEEDS]) if isinstance(item, Article)]
    assert len(found) >= 13
    return found


@pytest.fixture(scope="module")
def expected(articles: list[Article]) -> list[Event]:
    return [event for events in load_extractor().extract(articles) for event in events]


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    store = open_store(settings.database_url)
    yield store
    store.close()


def rows(store: Store) -> list[bytes]:
    return sorted(write(event) for event in store.events())


async def until_idle(service: Service, messages: int) -> None:
    """Wait until the sink has committed this many receipts."""
    end = time.monotonic() + 60
    while service.metric("lagebild_end_to_end_seconds_count") < messages:
        assert service.running, service.log()[-4000:]
        assert time.monotonic() < end, service.log()[-4000:]
        await asyncio.sleep(0.2)


async def test_rows_are_the_records_of_extract_and_a_replay_changes_nothing(
    settings: Settings, store: Store, articles: list[Article], expected: list[Event], tmp_path: Path
) -> None:
    wanted = sorted(write(event) for event in expected)
    with (
        Service.command("extractor", settings, tmp_path / "extractor.log") as extractor,
        Service.command("sink", settings, tmp_path / "sink.log") as sink,
    ):
        extractor.wait_ready()
        sink.wait_ready()
        for times in range(1, 4):
            await produce(articles, settings)
            await until_idle(sink, times * len(articles))
            assert rows(store) == wanted
        counts = store.counts()
        assert (counts.articles, counts.extractions, counts.pending) == (len(articles), len(articles), 0)
        assert extractor.metric("lagebild_articles_processed_total") == 3 * len(articles)
        assert extractor.metric("lagebild_dead_letters_total") == 0
        assert extractor.terminate() == 0
        assert sink.terminate() == 0


def test_extraction_is_the_same_alone_and_in_a_batch(articles: list[Article], expected: list[Event]) -> None:
    extractor = load_extractor()
    alone = [event for article in reversed(articles) for event in next(iter(extractor.extract([article])))]
    assert sorted(map(write, alone)) == sorted(map(write, expected))


def test_the_seeds_give_every_type_and_some_give_nothing(articles: list[Article], expected: list[Event]) -> None:
    assert {event.type for event in expected} == {"deployment", "supply", "statement"}
    quiet = {article.id for article in articles} - {event.article.id for event in expected}
    assert quiet


def test_offsets_hold_in_every_seed(articles: list[Article], expected: list[Event]) -> None:
    texts = {article.id: article.text for article in articles}
    for event in expected:
        type(event).model_validate(event.model_dump(), context={"text": texts[event.article.id]})
