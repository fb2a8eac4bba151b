"""Articles to Kafka: idempotent, compressed, every one confirmed by the broker."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from schemas import Article, write
from services.common import metrics, tracing
from services.common.cloudevents import headers_for
from services.common.errors import UserError
from services.common.kafka import explain, make_producer
from services.common.settings import Settings
from services.common.topics import require_topics
from services.producer.inputs import BadInput
from services.producer.reader import Reader

SOURCE = "/lagebild/producer"
MAX_IN_FLIGHT = 1000
DRAIN_SECONDS = 6.0
LEAVE_SECONDS = 2.0


@dataclass(frozen=True)
class SendOptions:
    """How articles are sent.

    Attributes:
        rate: at most so many articles a second; None for as fast as the broker confirms.
        dry_run: only count; nothing is sent and no broker is needed.
    """

    rate: float | None = None
    dry_run: bool = False


DEFAULT = SendOptions()


@dataclass
class Summary:
    """What became of the inputs, so far or in the end.

    Attributes:
        read: articles taken from the inputs.
        confirmed: articles that the broker has confirmed; 0 in a dry run.
        rejected: inputs that were no usable article.
        bytes: size of the articles read, before compression.
        seconds: time since the start.
        interrupted: stopped before the inputs were at their end.
    """

    read: int = 0
    confirmed: int = 0
    rejected: int = 0
    bytes: int = 0
    seconds: float = 0.0
    interrupted: bool = False


async def produce(
    articles: Iterable[Article | BadInput],
    settings: Settings,
    options: SendOptions = DEFAULT,
    *,
    progress: Callable[[int], None] | None = None,
    rejected: Callable[[BadInput], None] | None = None,
    stop: asyncio.Event | None = None,
) -> Summary:
    """Send articles to the articles topic, in their order, keyed by article id.

    Articles are read in a thread, at most some hundred ahead; at most 1,000 are sent and not yet confirmed. While
    the broker is away in mid-stream the articles wait for it.

    Args:
        articles: what `read_articles` yields; an error it raises comes out of here after what was sent before.
        settings: the broker and the topic.
        options: rate and dry run.
        progress: called with the number of articles confirmed so far (in a dry run: read), at each of them.
        rejected: called with each input that is no usable article.
        stop: once it is set nothing more is read, and what is on its way gets 6 s to be confirmed.

    Raises:
        UserError: the broker or the topic is not there, or refuses; the message says how many articles were
            confirmed. To send all again is safe, since ids are the same.
    """
    tracing.configure(settings, "producer")
    run = _Run(progress or _ignore, rejected or _ignore, stop or asyncio.Event())
    started = time.monotonic()
    reader = Reader(articles)
    try:
        source = _paced(reader, options.rate, run)
        if options.dry_run:
            async for _article in source:
                run.progress(run.summary.read)
        else:
            await _send(source, settings, run)
    finally:
        reader.close()
        await tracing.close()
    run.summary.interrupted = run.stop.is_set()
    run.summary.seconds = time.monotonic() - started
    return run.summary


def _ignore(_: object) -> None:
    """Nobody wants to know."""


class _Run:
    """The state of one call of `produce`."""

    def __init__(
        self, progress: Callable[[int], None], rejected: Callable[[BadInput], None], stop: asyncio.Event
    ) -> None:
        self.progress = progress
        self.stop = stop
        self.summary = Summary()
        self.failure: BaseException | None = None
        self.slots = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._rejected = rejected

    def settled(self, sent: "asyncio.Future[object]") -> None:
        """The broker has the article, or the client has given it up."""
        self.slots.release()
        failure = asyncio.CancelledError() if sent.cancelled() else sent.exception()
        if failure is not None:
            self.failure = self.failure or failure
            return
        self.summary.confirmed += 1
        metrics.ARTICLES_PRODUCED.inc()
        metrics.LAST_SUCCESS.labels("producer").set_to_current_time()
        self.progress(self.summary.confirmed)

    def rejected(self, bad: BadInput) -> None:
        self.summary.rejected += 1
        metrics.INPUTS_REJECTED.inc()
        self._rejected(bad)


async def _paced(
    reader: Reader[Article | BadInput], rate: float | None, run: _Run
) -> AsyncIterator[tuple[Article, bytes]]:
    """The articles with their bytes, not faster than `rate`; bad inputs are told and left out."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    async for item in reader.items(run.stop):
        if isinstance(item, BadInput):
            run.rejected(item)
            continue
        if rate:
            await _sleep(due - loop.time(), run.stop)
            due = max(due, loop.time() - 1.0) + 1.0 / rate
        value = write(item)
        run.summary.read += 1
        run.summary.bytes += len(value)
        yield item, value


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    if seconds > 0:
        try:
            await asyncio.wait_for(stop.wait(), seconds)
        except TimeoutError:
            return


async def _send(source: AsyncIterator[tuple[Article, bytes]], settings: Settings, run: _Run) -> None:
    await require_topics(settings, "articles")
    producer = make_producer(settings)
    topic = settings.topic("articles")
    try:
        await producer.start()
        await _until_stopped(_send_all(source, producer, topic, run), run)
    except KafkaError as error:
        raise _told(error, settings, run) from error
    finally:
        await _leave(producer)
    if run.failure:
        raise _told(run.failure, settings, run) from run.failure


async def _send_all(
    source: AsyncIterator[tuple[Article, bytes]], producer: AIOKafkaProducer, topic: str, run: _Run
) -> None:
    async for article, value in source:
        await run.slots.acquire()
        if run.failure:
            break
        span = tracing.sending(topic, article.id)
        headers = [*headers_for("article", article.id, SOURCE), *span.headers]
        try:
            sent = await producer.send(topic, value, article.id.encode(), headers=headers)
        except MessageSizeTooLargeError:
            run.slots.release()
            run.rejected(BadInput(article.id, None, f"too large: {len(value)} bytes, more than a message may take"))
            continue
        span.end_with(sent)
        sent.add_done_callback(run.settled)
    await producer.flush()


async def _until_stopped(work: Coroutine[None, None, None], run: _Run) -> None:
    """Let `work` take as long as it takes, since the broker may be away; but once asked to stop not for ever."""
    sending = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(run.stop.wait())
    await asyncio.wait((sending, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    try:
        await asyncio.wait_for(sending, DRAIN_SECONDS)
    except TimeoutError:
        raise UserError(
            f"stopped, but the broker has confirmed only {run.summary.confirmed} of {run.summary.read} articles",
            remedy="send them again when it is back; that is safe, since the ids are the same",
        ) from None


async def _leave(producer: AIOKafkaProducer) -> None:
    try:
        await asyncio.wait_for(producer.stop(), LEAVE_SECONDS)
    except TimeoutError:
        return


def _told(error: BaseException, settings: Settings, run: _Run) -> UserError:
    if not isinstance(error, Exception):
        raise error
    cause = explain(error, settings)
    if not run.summary.read:
        return cause
    return UserError(
        f"{cause.message}, after {run.summary.confirmed} confirmed articles",
        remedy=f"{cause.remedy}; then send all again, which is safe, since the ids are the same",
    )
