"""The Faust app of the extractor: `lagebild extractor`, or `faust -A services.extractor.app worker`.

Start: the web endpoints first, so that /readyz can say what is missing; then the worker processes; then the broker
is waited for; then Faust joins the group. End: Faust hands out nothing more, the batch in work is finished within
`DRAIN_SECONDS`, the offsets are committed. What is not finished by then is left unacknowledged, and the next worker
reads it again.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, NoReturn

import faust
from aiokafka import AIOKafkaProducer, TopicPartition
from faust.app import BootStrategy
from faust.exceptions import ConsumerNotStarted
from faust.types import StreamT

from services.common import metrics, tracing
from services.common.errors import UserError
from services.common.kafka import BrokerUnreachable, make_producer, wait_for_broker
from services.common.logging import configure_logging, get_logger
from services.common.settings import KafkaSettings, Settings, get_settings
from services.common.topics import require_topics
from services.common.web import Health, WebServer, serve
from services.dead_letters.limit import DeadLetterLimit
from services.extractor.configuration import faust_settings, refuse_pure_python_streams
from services.extractor.loop import ExtractionLoop
from services.extractor.pool import ExtractionPool
from services.extractor.progress import BrokerWatch, Progress
from services.extractor.publisher import Publisher

log = get_logger(__name__)

DRAIN_SECONDS = 4.0
"""Time that the batch in work has to be finished after SIGTERM."""

LEAVE_SECONDS = 9.0
"""Time after which the process ends by force: whoever sent SIGTERM sends SIGKILL after 10 s."""


class _NoWeb(BootStrategy):
    """Faust's own web server stays off, its table endpoints too, also where `faust worker` asks for it."""

    enable_web = False


class ExtractorWorker(faust.Worker):
    """Runs the app in a process, with our logging in place of Faust's."""

    def __init__(self, app: "ExtractorApp", *services: Any, **options: Any) -> None:
        configure_logging(app.settings)
        if app.settings.log_level != "debug":
            # Faust tells of each of its twenty parts when it starts and when it stops.
            for name in ("faust", "mode"):
                logging.getLogger(name).setLevel(logging.WARNING)
        super().__init__(app, *services, **options | {"override_logging": False, "redirect_stdouts": False})
        self.spinner = None

    def say(self, msg: str) -> None:
        """Say nothing: Faust's banner would stand between the lines of the log."""

    def execute_from_commandline(self) -> NoReturn:
        """Run the app, and leave at once when it has ended: taking the interpreter apart takes seconds under load."""
        try:
            super().execute_from_commandline()
        except SystemExit as leaving:
            logging.shutdown()
            os._exit(leaving.code if isinstance(leaving.code, int) else 1)


class ExtractorApp(faust.App):
    """Faust's app with what it needs beside it: worker processes, producer, health."""

    BootStrategy = _NoWeb

    def __init__(self, settings: Settings) -> None:
        super().__init__(**faust_settings(settings), Worker=ExtractorWorker)
        self.settings = settings
        self.progress = Progress(settings.extractor_group, settings.stall_seconds)
        self.pool = ExtractionPool(settings, self.progress.touch)
        self.limit = DeadLetterLimit.of(settings)
        self.broker_watch = BrokerWatch(settings, self.progress, self._assigned)
        self._web_server: WebServer | None = None
        self._sender: AIOKafkaProducer | None = None
        articles = self.topic(
            settings.topic("articles"), key_serializer="raw", value_serializer="raw", allow_empty=True, acks=True
        )
        self.agent(articles, name="extract", concurrency=1)(self._extract)

    async def on_first_start(self) -> None:
        """Bring up all that the agent needs. Ends the process with code 2 where a person must mend something."""
        await super().on_first_start()
        try:
            await self._prepare()
        except UserError as error:
            log.error("cannot start", reason=error.message, remedy=error.remedy)
            raise SystemExit(2) from None

    async def _prepare(self) -> None:
        refuse_pure_python_streams()
        tracing.configure(self.settings, "extractor")
        self._web_server = await serve(self._health(), self.settings.web_host, self.settings.extractor_web_port)
        log.info("web endpoints", host=self.settings.web_host, port=self._web_server.port)
        extractor = await self.pool.start()
        metrics.BUILD.info({"service": "extractor", "version": version("lagebild"), "extractor": extractor})
        log.info("extractor loaded", version=extractor, processes=self.settings.extractor_processes)
        await _wait_for_broker(self.settings)
        await require_topics(
            self.settings, "articles", "events", "extractions", "dead_letters", group=self.settings.extractor_group
        )
        self._sender = make_producer(self.settings)
        await self._sender.start()
        metrics.UNACKNOWLEDGED.set_function(self._unacknowledged)
        self.broker_watch.start()

    async def on_stop(self) -> None:
        """Finish the batch in work, or leave it after `DRAIN_SECONDS`. Faust stops its own parts after this."""
        forced = threading.Timer(LEAVE_SECONDS, os._exit, (1,))
        forced.daemon = True
        forced.start()
        deadline = asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._give_up_draining)
        await super().on_stop()
        deadline.cancel()

    async def on_shutdown(self) -> None:
        """Take down what `on_first_start` has brought up, now that no agent uses it any more."""
        await super().on_shutdown()
        await self.broker_watch.close()
        await self.pool.close()
        if self._sender is not None:
            await self._sender.stop()
        await tracing.close()
        if self._web_server is not None:
            await self._web_server.close()

    def _give_up_draining(self) -> None:
        left = self.consumer.unacked
        log.warning("articles in work are left to the next worker", articles=len(left))
        left.clear()

    async def _extract(self, stream: StreamT[Any]) -> None:
        assert isinstance(stream, faust.Stream)
        assert self._sender is not None, "Faust starts agents after on_first_start"
        loop = ExtractionLoop(
            self.settings,
            pool=self.pool,
            publisher=Publisher(self.settings, self._sender),
            progress=self.progress,
            limit=self.limit,
            on_error=self._end,
        )
        await loop.run(stream)

    async def _end(self, error: Exception) -> None:
        log.critical("the process ends, a restart goes on at the committed offsets", reason=repr(error))
        await self.crash(error)

    def _health(self) -> Health:
        health = Health()
        health.add_live("progress", lambda: None if self.limit.reason else self.progress.stalled())
        health.add_ready("extractor", lambda: None if self.pool.ready else "no worker process has loaded it yet")
        health.add_ready("broker", self.broker_watch.unreachable)
        health.add_ready("dead_letters", lambda: self.limit.reason)
        return health

    def _unacknowledged(self) -> int:
        try:
            return len(self.consumer.unacked)
        except ConsumerNotStarted:
            return 0

    def _assigned(self) -> Iterable[TopicPartition]:
        try:
            return [TopicPartition(tp.topic, tp.partition) for tp in self.consumer.assignment()]
        except ConsumerNotStarted:
            return []


def make_app(settings: Settings) -> ExtractorApp:
    """The extractor as a Faust app.

    Raises:
        UserError: the settings of the connection cannot be used.
    """
    return ExtractorApp(settings)


def run(settings: Settings) -> None:
    """Run the extractor in this process until SIGTERM or SIGINT.

    Raises:
        SystemExit: always at the end; 0 after a signal, 2 where it could not start, 1 after an error.
        UserError: the settings of the connection cannot be used.
    """
    app = make_app(settings)
    # A loop of our own: Faust binds to the current one, and there is none before the first is made.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    ExtractorWorker(app, loop=loop).execute_from_commandline()


async def _wait_for_broker(settings: KafkaSettings) -> None:
    while True:
        try:
            await wait_for_broker(settings, 5.0)
        except BrokerUnreachable as error:
            log.warning("waiting for the broker", reason=error.message, remedy=error.remedy)
        else:
            return


def __getattr__(name: str) -> Any:
    """`app`, made from the environment's settings when it is first asked for: `faust -A services.extractor.app`."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = make_app(get_settings())
    return made
