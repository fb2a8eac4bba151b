"""Traces: one from the producer's send to the rows, told to a real OTLP receiver by three real processes."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from schemas import Article, DeploymentEvent, write
from services.common import tracing
from services.common.errors import UserError
from services.common.settings import Settings
from services.common.topics import TopicKind
from services.dead_letters.reading import read_dead_letters
from services.dead_letters.record import Origin
from services.dead_letters.requeue import requeue
from services.producer import produce
from tests.articles import article
from tests.conftest import ReadTopic, SendRaw
from tests.findings import article as invented
from tests.findings import findings, receipt
from tests.processes import Service, until
from tests.sinking import read_up_to, running
from tests.standins import RAISE

TOPICS: tuple[TopicKind, ...] = ("events", "extractions")
PARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@dataclass(frozen=True)
class Seen:
    """A span as the collector got it; ids in hexadecimal, `parent` empty for the first of a trace."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    failed: bool
    key: str


class Collector(ThreadingHTTPServer):
    """An OTLP/HTTP receiver that keeps what it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[Seen] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/v1/traces"
        for group in request.resource_spans:
            resource = {item.key: item.value.string_value for item in group.resource.attributes}
            for span in (span for scope in group.scope_spans for span in scope.spans):
                attributes = {item.key: item.value.string_value for item in span.attributes}
                self.server.spans.append(
                    Seen(
                        service=resource["service.name"],
                        name=span.name,
                        trace=span.trace_id.hex(),
                        id=span.span_id.hex(),
                        parent=span.parent_span_id.hex(),
                        failed=span.status.code == 2,
                        key=attributes.get("messaging.kafka.message.key", ""),
                    )
                )
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(autouse=True)
async def _off_again() -> AsyncIterator[None]:
    """What a test has switched on ends with it."""
    yield
    await tracing.close()


def origin(*headers: tuple[str, bytes | None]) -> Origin:
    return Origin("articles", 0, 7, 0, b"a", b"{}", headers)


async def test_one_trace_leads_from_the_producer_to_the_rows(
    settings: Settings, collector: Collector, read_topic: ReadTopic, tmp_path: Path
) -> None:
    traced = settings.model_copy(update={"otlp_endpoint": collector.url, "extractor_model": "tests.standins:make"})
    articles = [article(0), article(1), article(2, f"Kaputt. {RAISE}")]
    with (
        Service.command("extractor", traced, tmp_path / "extractor.log") as extractor,
        Service.command("sink", traced, tmp_path / "sink.log") as sink,
    ):
        await produce(articles, traced)
        await asyncio.to_thread(all_done, extractor, sink, 2, 1)
        (letter,) = [letter async for letter in read_dead_letters(settings)]
        await requeue(settings, [letter.id])
        await asyncio.to_thread(all_done, extractor, sink, 2, 2)
        assert extractor.terminate() == 0
        assert sink.terminate() == 0
    topics = {kind: settings.topic(kind) for kind in ("articles", "events", "extractions")}
    for number in (0, 1):
        check_whole_trace(trace_of(articles[number], collector), topics)
    check_failed_trace(trace_of(articles[2], collector), topics)
    events = {dict(record.headers)["traceparent"].decode() for record in await read_topic(topics["events"])}
    assert {header.split("-")[1] for header in events} == {trace_of(a, collector)[0].trace for a in articles[:2]}


def all_done(extractor: Service, sink: Service, stored: int, dead: int) -> None:
    until(lambda: extractor.metric("lagebild_articles_processed_total", outcome="dead_letter") == dead, "dead letters")
    until(lambda: sink.metric("lagebild_end_to_end_seconds_count") == stored, "rows")
    # The articles themselves come by another partition than their receipts, so later or sooner.
    until(lambda: sink.metric("lagebild_sink_messages_consumed_total", kind="article") == stored + dead, "articles")


def trace_of(item: Article, collector: Collector) -> list[Seen]:
    """The spans of an article's trace, the first of them first."""
    (first,) = [span for span in collector.spans if span.name.startswith("send ") and span.key == item.id]
    return [first, *(span for span in collector.spans if span.trace == first.trace and span is not first)]


def check_whole_trace(spans: list[Seen], topics: dict[str, str]) -> None:
    send, rest = spans[0], spans[1:]
    assert (send.service, send.name, send.parent) == ("lagebild-producer", f"send {topics['articles']}", "")
    (process,) = [span for span in rest if span.name == f"process {topics['articles']}"]
    assert (process.service, process.parent, process.failed) == ("lagebild-extractor", send.id, False)
    stored = {span.name: span for span in rest if span.service == "lagebild-sink"}
    parents = {name: span.parent for name, span in stored.items()}
    assert parents == {
        f"store {topics['articles']}": send.id,
        f"store {topics['events']}": process.id,
        f"store {topics['extractions']}": process.id,
    }
    # The text says „sagte“ twice: two events, each with a span of its own.
    assert len(rest) == 1 + len(parents) + 1


def check_failed_trace(spans: list[Seen], topics: dict[str, str]) -> None:
    """Requeued, an article goes on with its trace: both tries hang on the same send."""
    tries = [span for span in spans if span.name == f"process {topics['articles']}"]
    assert [(span.parent, span.failed) for span in tries] == [(spans[0].id, True)] * 2


async def test_what_the_sink_puts_aside_ends_its_span_as_a_failure(
    settings: Settings, collector: Collector, send_raw: SendRaw
) -> None:
    one = findings(item := invented())
    deployment = next(event for event in one if isinstance(event, DeploymentEvent))
    assert deployment.destination is not None
    # SQLite's integers end before that.
    nowhere = deployment.destination.model_copy(update={"geonames_id": 2**70})
    refused = deployment.model_copy(update={"destination": nowhere})
    values = {"1": write(one[0]), "2": write(refused), "3": b"no json", "4": write(receipt(item, one[:1], "test-1"))}
    records = {kind: [number for number in values if (number == "4") == (kind == "extractions")] for kind in TOPICS}
    for kind, numbers in records.items():
        headers = {number: PARENT.replace(b"4bf92f35", number.encode() * 8) for number in numbers}
        sent = [(b"k", values[number], [("traceparent", headers[number])]) for number in numbers]
        await send_raw(settings.topic(kind), sent)
    async with running(settings.model_copy(update={"otlp_endpoint": collector.url})) as store:
        await read_up_to(store, settings, len(values))
    # What was put aside comes back in the topic of dead letters, with its trace, and is stored from there.
    ends = {number: [seen.failed for seen in collector.spans if seen.trace[0] == number] for number in values}
    assert (ends["1"], ends["4"]) == ([False], [False])
    assert {number: (failed[0], any(failed[1:])) for number, failed in ends.items() if number in "23"} == {
        "2": (True, False),
        "3": (True, False),
    }


def test_without_an_endpoint_nothing_is_recorded_and_a_trace_is_carried_on(settings_off: Settings) -> None:
    tracing.configure(settings_off, "extractor")
    assert tracing.sending("articles", "a") is tracing.NOT_TRACED
    assert tracing.processing(origin(("ce_id", b"a"))) is tracing.NOT_TRACED
    carried = (("traceparent", PARENT), ("tracestate", b"vendor=1"))
    assert tuple(tracing.processing(origin(("ce_id", b"a"), *carried)).headers) == carried


@pytest.fixture
def settings_off() -> Settings:
    return Settings(_env_file=None)


async def test_a_trace_of_somebody_else_goes_on(collector: Collector) -> None:
    tracing.configure(Settings(_env_file=None, otlp_endpoint=collector.url), "extractor")
    span = tracing.processing(origin(("traceparent", PARENT), ("tracestate", b"vendor=1")))
    headers = dict(span.headers)
    assert headers["traceparent"].split(b"-")[1] == PARENT.split(b"-")[1]
    assert headers["tracestate"] == b"vendor=1"
    span.end()
    await tracing.close()
    assert [(seen.trace, seen.parent) for seen in collector.spans] == [
        (PARENT.split(b"-")[1].decode(), PARENT.split(b"-")[2].decode())
    ]


@pytest.mark.parametrize("value", [None, b"", b"\xff\xfe", b"00-zz-yy-01", b"garbage" * 100])
async def test_a_header_that_is_no_trace_begins_a_new_one(value: bytes | None, collector: Collector) -> None:
    tracing.configure(Settings(_env_file=None, otlp_endpoint=collector.url), "extractor")
    tracing.processing(origin(("traceparent", value))).end()
    await tracing.close()
    assert [seen.parent for seen in collector.spans] == [""]


async def test_a_collector_that_is_away_delays_nothing_and_loses_no_article(
    settings: Settings, read_topic: ReadTopic
) -> None:
    away = settings.model_copy(update={"otlp_endpoint": "http://127.0.0.1:9"})
    assert (await produce([article(0)], away)).confirmed == 1
    (record,) = await read_topic(settings.topic("articles"))
    assert "traceparent" in dict(record.headers)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, collector: Collector) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(UserError, match=r"OpenTelemetry is not installed.*lagebild\[tracing\]"):
        tracing.configure(Settings(_env_file=None, otlp_endpoint=collector.url), "sink")
