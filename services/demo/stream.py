"""Broker, extractor and sink as child processes, started in order and stopped in order whatever happens."""

import asyncio
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from services.broker import available_broker
from services.broker.ports import HOST, choose_ports
from services.broker.watchdog import Watchdog
from services.common.errors import UserError
from services.common.settings import Settings
from services.common.topics import create_topics

READY_SECONDS = 60.0
STOP_SECONDS = 15.0


class Stream:
    """The running stream; a context manager.

    Each child has a session of its own: Ctrl-C reaches this process alone, which then stops the extractor, the
    sink and the broker in this order. A watchdog ends them should this process be killed.

    Args:
        folder: for the logs and the database; made if missing.
        say: called with one line at each step.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._exits = ExitStack()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = choose_ports(("extractor", "sink"), {})
        self.settings = Settings()

    @property
    def metrics(self) -> dict[str, str]:
        """URL of each service's metrics."""
        return {name: f"http://{HOST}:{port}/metrics" for name, port in self._ports.items()}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
        except BaseException:
            self._exits.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exits.close()

    def _start(self) -> None:
        self._say("starting Kafka")
        broker = available_broker(self._log("kafka"))
        self._exits.callback(broker.stop)
        broker.start()
        self.settings = Settings(
            bootstrap_servers=broker.bootstrap_servers,
            security_protocol="PLAINTEXT",
            topic_prefix="",
            database=f"sqlite:///{self._folder / 'lagebild.db'}",
            data_dir=self._folder,
        )
        self._say("creating the topics")
        asyncio.run(create_topics(self.settings))
        self._say("starting extractor and sink")
        for name in ("sink", "extractor"):
            self._launch(name)
        for name in self._children:
            self._await_ready(name)

    def _log(self, name: str) -> Path:
        path = self._folder / f"{name}.log"
        path.write_bytes(b"")
        return path

    def _launch(self, name: str) -> None:
        with self._log(name).open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "services.cli.main", name],
                env=os.environ | self._environment(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        watchdog = Watchdog(child.pid, None)
        self._children[name] = child
        self._exits.callback(self._stop, child, watchdog)

    def _environment(self, name: str) -> dict[str, str]:
        return {
            "LAGEBILD_BOOTSTRAP_SERVERS": self.settings.bootstrap_servers,
            "LAGEBILD_SECURITY_PROTOCOL": self.settings.security_protocol,
            "LAGEBILD_TOPIC_PREFIX": self.settings.topic_prefix,
            "LAGEBILD_DATABASE": self.settings.database_url,
            f"LAGEBILD_{name.upper()}_WEB_PORT": str(self._ports[name]),
            "LAGEBILD_WEB_HOST": HOST,
        }

    def _stop(self, child: subprocess.Popen[bytes], watchdog: Watchdog) -> None:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        watchdog.dismiss()

    def _await_ready(self, name: str) -> None:
        end = time.monotonic() + READY_SECONDS
        while not self._ready(name):
            self.check()
            if time.monotonic() > end:
                raise UserError(f"the {name} is not ready after {READY_SECONDS:.0f} s", remedy=self._see(name))
            time.sleep(0.1)

    def _ready(self, name: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self._ports[name]}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:  # not listening yet, or 503
            return False

    def check(self) -> None:
        """See that all children run.

        Raises:
            UserError: one has ended; the message says where its log is.
        """
        for name, child in self._children.items():
            if child.poll() is not None:
                raise UserError(f"the {name} has ended with code {child.returncode}", remedy=self._see(name))

    def _see(self, name: str) -> str:
        return f"its log says why: {self._folder / name}.log"

    def save_metrics(self) -> list[Path]:
        """Write each service's metrics, as they are now, into a file, since the services end with the demo."""
        paths = []
        for name, url in self.metrics.items():
            path = self._folder / f"metrics-{name}.txt"
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own child on localhost
                path.write_bytes(answer.read())
            paths.append(path)
        return paths
