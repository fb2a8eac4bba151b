"""The extractor as a real process on a real broker: articles in, records out, whatever happens to it on the way."""

import asyncio
import signal
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas import Article, read_event, read_extraction
from services.broker.ports import choose_ports
from services.common.settings import Settings
from tests.articles import article, expected_events, message
from tests.conftest import ReadTopic, SendRaw
from tests.processes import PATIENCE_SECONDS, Service, until
from tests.standins import EXIT, HANG, NOTHING, SLOW

MakeService = Callable[..., Service]


@pytest.fixture
def extractor(settings: Settings, tmp_path: Path) -> MakeService:
    """`extractor(name, model=…, **settings)`: not started yet."""

    def make(name: str = "extractor", model: str = "tests.standins:make", **changes: object) -> Service:
        changed = settings.model_copy(update={"extractor_model": model, **changes})
        return Service.command("extractor", changed, tmp_path / f"{name}.log", STANDIN_LOADED=str(tmp_path / "loaded"))

    return make


def processed(service: Service, count: int) -> None:
    until(lambda: service.metric("lagebild_articles_processed_total") >= count, f"{count} articles processed")


async def read_ids(settings: Settings, read_topic: ReadTopic) -> tuple[Counter[object], Counter[str]]:
    """How often each event and each article's receipt stands in the topics."""
    events = [read_event(record.value) for record in await read_topic(settings.topic("events"))]
    receipts = [read_extraction(record.value) for record in await read_topic(settings.topic("extractions"))]
    return Counter(e.event_id for e in events), Counter(r.article_id for r in receipts)


async def all_received(settings: Settings, read_topic: ReadTopic, articles: list[Article]) -> None:
    """Wait until every article has its receipt."""
    wanted = {item.id for item in articles}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while wanted - set((await read_ids(settings, read_topic))[1]):  # noqa: ASYNC110 - Kafka tells no one
            await asyncio.sleep(0.2)


async def test_articles_in_events_and_receipts_out(
    extractor: MakeService, settings: Settings, send_raw: SendRaw, read_topic: ReadTopic
) -> None:
    articles = [article(number) for number in range(100)] + [article(100, "Nichts. " + NOTHING)]
    await send_raw(settings.topic("articles"), [message(item) for item in articles])
    with extractor() as service:
        processed(service, len(articles))
        assert service.listening() == {service.web_port}
        assert service.terminate() == 0
    events = await read_topic(settings.topic("events"))
    receipts = await read_topic(settings.topic("extractions"))
    for record in events:
        event, headers = read_event(record.value), dict(record.headers)
        assert record.key.decode() == event.article.id
        assert headers["ce_id"].decode() == str(event.event_id)
        assert headers["ce_type"] == b"org.lagebild.event.statement"
    assert {read_event(record.value).event_id for record in events} == expected_events(articles[:100])
    by_article = {record.key.decode(): read_extraction(record.value) for record in receipts}
    assert set(by_article) == {item.id for item in articles}
    assert by_article["a100"].outcome == "no_events"
    assert set(by_article["a7"].event_ids) == expected_events([articles[7]])


async def test_faust_command_runs_it_too_and_opens_no_web_port_of_its_own(
    settings: Settings, send_raw: SendRaw, read_topic: ReadTopic, tmp_path: Path
) -> None:
    await send_raw(settings.topic("articles"), [message(article(1))])
    changed = settings.model_copy(update={"extractor_model": "tests.standins:make"})
    (port,) = choose_ports(("web",), {}).values()
    asked = ["-m", "faust", "-A", "services.extractor.app", "worker", "--with-web", "--web-port", str(port)]
    with Service(asked, changed, tmp_path / "faust.log") as service:
        processed(service, 1)
        assert service.listening() == {service.web_port}
        assert service.terminate() == 0
    assert len(await read_topic(settings.topic("events"))) == 2


async def test_kill_9_in_mid_stream_loses_nothing(
    extractor: MakeService, settings: Settings, send_raw: SendRaw, read_topic: ReadTopic
) -> None:
    articles = [article(number, f"Das sagte sie am Tag {number}. {SLOW}") for number in range(300)]
    await send_raw(settings.topic("articles"), [message(item) for item in articles])
    with extractor(extractor_batch_size=16, session_timeout_seconds=6, heartbeat_seconds=1) as service:
        processed(service, 60)
        service.kill()
        service.start()
        await all_received(settings, read_topic, articles)
    events, receipts = await read_ids(settings, read_topic)
    assert set(events) == expected_events(articles)
    assert set(receipts) == {item.id for item in articles}


async def test_sigterm_finishes_the_batch_and_leaves_nothing_to_do_twice(
    extractor: MakeService, settings: Settings, send_raw: SendRaw, read_topic: ReadTopic
) -> None:
    articles = [article(number, f"Das sagte sie am Tag {number}. {SLOW}") for number in range(200)]
    await send_raw(settings.topic("articles"), [message(item) for item in articles])
    with extractor(extractor_batch_size=16) as service:
        processed(service, 30)
        service.signal(signal.SIGTERM)
        assert service.wait(patience=10) == 0
        assert sum((await read_ids(settings, read_topic))[1].values()) < len(articles)
        service.start()
        await all_received(settings, read_topic, articles)
    events, receipts = await read_ids(settings, read_topic)
    assert events == dict.fromkeys(expected_events(articles), 1)
    assert receipts == {item.id: 1 for item in articles}


async def test_sigterm_leaves_a_hanging_article_to_the_next_worker(
    extractor: MakeService, settings: Settings, send_raw: SendRaw, read_topic: ReadTopic
) -> None:
    await send_raw(settings.topic("articles"), [message(article(1, HANG))])
    with extractor() as service:
        until(lambda: service.metric("lagebild_pool_articles_in_work") == 1, "the article is in work")
        service.signal(signal.SIGTERM)
        assert service.wait(patience=10) == 0
    with extractor("next", extractor_timeout_seconds=0.5) as service:
        processed(service, 1)
    assert len(await read_topic(settings.topic("dead_letters"))) == 1


async def test_two_workers_share_the_partitions_and_lose_nothing_when_one_joins_and_one_leaves(
    extractor: MakeService, settings: Settings, send_raw: SendRaw, read_topic: ReadTopic
) -> None:
    articles = [article(number, f"Das sagte sie am Tag {number}. {SLOW}") for number in range(300)]
    await send_raw(settings.topic("articles"), [message(item) for item in articles])
    quick = {"extractor_batch_size": 8, "extractor_processes": 1, "session_timeout_seconds": 6, "heartbeat_seconds": 1}
    with extractor("first", **quick) as first, extractor("second", **quick) as second:
        processed(first, 10)
        processed(second, 10)
        assert first.terminate() == 0
        await all_received(settings, read_topic, articles)
    events, receipts = await read_ids(settings, read_topic)
    assert set(events) == expected_events(articles)
    assert set(receipts) == {item.id for item in articles}


async def test_unexpected_error_ends_the_process_and_acknowledges_nothing(
    extractor: MakeService, settings: Settings, send_raw: SendRaw, read_topic: ReadTopic
) -> None:
    await send_raw(settings.topic("articles"), [message(article(1, EXIT))])
    with extractor(model="tests.standins:make_once", extractor_processes=1) as service:
        assert service.wait() == 1
        assert "cannot load the extractor" in service.log()
    assert await read_topic(settings.topic("dead_letters")) == []
    with extractor("next") as service:
        processed(service, 1)
    assert len(await read_topic(settings.topic("dead_letters"))) == 1


async def test_broker_away_at_start_is_waited_for(extractor: MakeService) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
        with extractor(bootstrap_servers=nobody) as service:
            service.wait_for_log("waiting for the broker")
            assert service.get("/readyz")[0] == 503
            assert nobody in service.checks("/readyz")["broker"]
            assert service.checks("/readyz")["extractor"] == "ok"
            assert service.get("/livez")[0] == 200
            assert service.terminate() == 0
            assert "Traceback" not in service.log()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"topic_prefix": "nowhere-"}, "lagebild topics create"),
        ({"model": "tests.standins:make_broken"}, "LAGEBILD_EXTRACTOR_MODEL"),
        ({"model": "tests.standins:misspelt"}, "LAGEBILD_EXTRACTOR_MODEL"),
    ],
)
async def test_what_a_person_must_mend_is_said_in_a_sentence(
    extractor: MakeService, changes: dict[str, str], said: str
) -> None:
    with extractor(**changes) as service:
        assert await asyncio.to_thread(service.wait) == 2
        assert said in service.log()
        assert "Traceback" not in service.log()
