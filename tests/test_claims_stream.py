"""Claims on a real broker: what the topic holds is what the database holds, whatever happens in between."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaTimeoutError
from pydantic import SecretStr

from schemas import Article, Event, Extraction, read_claim, write
from services.common.settings import Settings
from services.sink.claims import Claims, fitted
from services.storage import ClaimMessage, Store
from tests.claim_articles import EXTRACTOR, forty
from tests.conftest import ReadTopic
from tests.findings import receipt
from tests.postgres import PostgresServer
from tests.sinking import PATIENCE_SECONDS, running, send

CLAIMS = 22


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """Settings with which claims follow at once."""
    return settings.model_copy(update={"claims_seconds": 0.05})


def records() -> list[Article | Event | Extraction]:
    """All records about the forty articles, as producer and extractor send them."""
    return [record for article, events in forty() for record in (article, *events, receipt(article, events, EXTRACTOR))]


def last_values(messages: Sequence[ConsumerRecord]) -> dict[str, bytes]:
    """What compaction would leave: the last value of each key, without what a tombstone ends."""
    ordered = sorted(messages, key=lambda message: (message.partition, message.offset))
    last = {message.key.decode(): message.value for message in ordered}
    return {key: value for key, value in last.items() if value is not None}


def stored_claims(store: Store) -> dict[str, bytes]:
    return {str(claim.claim_id): write(claim) for claim in store.claims()}


async def settled(store: Store, claims: int) -> None:
    """Wait until so many claims are there, all of them sent."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (  # noqa: ASYNC110 - a database tells no one
            len(stored_claims(store)) != claims or store.claim_changes_waiting() or store.unsent_claims()
        ):
            await asyncio.sleep(0.05)


async def test_the_topic_holds_each_claim_as_it_stands(quick: Settings, read_topic: ReadTopic) -> None:
    await send(quick, records())
    async with running(quick) as store:
        await settled(store, CLAIMS)
        messages = await read_topic(quick.topic("claims"))
        assert last_values(messages) == stored_claims(store)
        assert store.check() == []
    for message in messages:
        headers = dict(message.headers)
        assert (headers["ce_type"], headers["ce_source"]) == (b"org.lagebild.claim", b"/lagebild/sink")
        assert str(read_claim(message.value).claim_id) == message.key.decode()
    assert len({dict(message.headers)["ce_id"] for message in messages}) == len({m.value for m in messages})


async def test_a_replay_sends_nothing_and_what_is_gone_gets_a_tombstone(quick: Settings, read_topic: ReadTopic) -> None:
    await send(quick, records())
    async with running(quick) as store:
        await settled(store, CLAIMS)
        before = await read_topic(quick.topic("claims"))
        await send(quick, records())
        everything = 2 * len(records())
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sum(store.offsets(quick.sink_group).values()) < everything:  # noqa: ASYNC110 - nor does this
                await asyncio.sleep(0.05)
        await settled(store, CLAIMS)
        assert len(await read_topic(quick.topic("claims"))) == len(before)
        article, _ = forty()[-1]
        await send(quick, [receipt(article, [], "hand-2")])
        article, _ = forty()[36]  # "Deutsche Feldjäger": the other article of its claim is the one before
        await send(quick, [receipt(article, [], "hand-2"), receipt(forty()[35][0], [], "hand-2")])
        await settled(store, CLAIMS - 1)
        messages = await read_topic(quick.topic("claims"))
        assert last_values(messages) == stored_claims(store)
        assert [message.value for message in messages].count(None) >= 1


async def test_two_sinks_on_one_database_leave_the_last_word_last(
    quick: Settings, postgres: PostgresServer, read_topic: ReadTopic
) -> None:
    shared = quick.model_copy(update={"database": SecretStr(postgres.fresh_database()), "sink_batch_size": 10})
    async with running(shared) as store, running(shared):
        await send(quick, records())
        await settled(store, CLAIMS)
        assert last_values(await read_topic(quick.topic("claims"))) == stored_claims(store)


async def test_what_was_not_confirmed_is_sent_again(
    quick: Settings, read_topic: ReadTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = Claims._confirmed, iter([True, True, False])

    async def flaky(self: Claims, messages: Sequence[ClaimMessage]) -> None:
        if next(failures, False):
            raise KafkaTimeoutError
        await real(self, messages)

    monkeypatch.setattr(Claims, "_confirmed", flaky)
    await send(quick, records())
    async with running(quick) as store:
        await settled(store, CLAIMS)
        assert next(failures, None) is None
        assert last_values(await read_topic(quick.topic("claims"))) == stored_claims(store)


def test_a_claim_too_long_for_a_message_has_fewer_reports() -> None:
    from services.claims import mentions_of, summarise

    article, events = forty()[0]
    first, *_ = mentions_of(events, events[0].article.published_at)  # type: ignore[arg-type]  # a day
    mentions = [first.model_copy(update={"event_id": str(UUID(int=number))}) for number in range(300)]
    claim = summarise(mentions, {})
    assert (claim.records, len(claim.reports)) == (300, 200)
    sent = read_claim(fitted(claim, 20_000))
    assert (sent.records, sent.articles, len(sent.reports) > 0) == (300, 1, True)
    assert len(write(sent)) <= 20_000
    assert article.id == sent.reports[0].article.id
