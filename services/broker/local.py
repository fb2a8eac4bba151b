"""A real Apache Kafka on this machine, for the demo, the tests and a first try: one KRaft node, data in a folder."""

import atexit
import re
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from services.broker import jars, tools
from services.broker.ports import HOST, choose_ports
from services.broker.probe import broker_answers
from services.broker.watchdog import Watchdog
from services.common.errors import UserError

START_SECONDS = 120.0
STOP_SECONDS = 15.0
# The JIT's first tier only and the serial collector: a short-lived broker on few cores starts faster with them.
JVM_OPTIONS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)


class LocalBroker:
    """One Kafka broker as a child process; a context manager that starts it and stops it.

    The methods block (a start takes some seconds): call them from a thread where an event loop runs. The broker
    has a process group of its own, so that Ctrl-C in a terminal reaches its clients first and they can leave in
    order; it is stopped by ``stop``, at interpreter exit, and by a watchdog should this process be killed.

    Args:
        port: the port clients connect to on 127.0.0.1; None for a free one.
        data_dir: where topics are kept, left in place by ``stop`` and taken up again by the next start; None for
            a temporary folder that ``stop`` removes.
        log_file: Kafka's log, appended to; None for ``kafka.log`` in the folder of the data.
        listeners: further listeners, name to security protocol, e.g. ``{"SECURE": "SASL_SSL"}``, on free ports
            (see ``address``).
        properties: further lines of ``server.properties``; they win over everything else.
        format_options: further options of ``kafka.tools.StorageTool format``, e.g. ``--add-scram``.
    """

    def __init__(
        self,
        port: int | None = None,
        *,
        data_dir: Path | None = None,
        log_file: Path | None = None,
        listeners: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        format_options: Sequence[str] = (),
    ) -> None:
        self._wanted_ports = {} if port is None else {"PLAINTEXT": port}
        self._given_data = data_dir
        self._given_log = log_file
        self._protocols = {"PLAINTEXT": "PLAINTEXT", **(listeners or {}), "CONTROLLER": "PLAINTEXT"}
        self._properties = dict(properties or {})
        self._format_options = tuple(format_options)
        self._java: list[str] = []
        self._ports: dict[str, int] = {}
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: Watchdog | None = None

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` of the plain listener; known once the broker was started."""
        return self.address("PLAINTEXT")

    @property
    def log_file(self) -> Path:
        """Kafka's own log. In a temporary folder it goes with ``stop``."""
        return self._given_log or self._home / "kafka.log"

    @property
    def pid(self) -> int | None:
        """Process id of the running broker, None where it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def address(self, listener: str) -> str:
        """``host:port`` of a listener by its name."""
        return f"{HOST}:{self._ports[listener]}"

    def start(self) -> Self:
        """Fetch Kafka if needed, format the storage if new, start, and wait until the broker answers.

        Raises:
            UserError: Java or Maven is missing, the port is taken, or Kafka did not come up (with its reason).
        """
        self._java = [tools.java(), *JVM_OPTIONS, "-cp", f"{jars.fetch_jars()}/*"]
        self._ports = choose_ports(self._protocols, self._wanted_ports)
        atexit.register(self.stop)
        try:
            self._prepare()
            self._launch()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop by SIGTERM, after 15 s by SIGKILL, and remove the temporary folder. May be called twice."""
        atexit.unregister(self.stop)
        self._end()
        if self._folder and self._given_data is None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None

    def kill(self) -> None:
        """SIGKILL: the crash of the fault tests. Ports and data stay for ``restart``."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def suspend(self) -> None:
        """SIGSTOP: the broker holds its connections and answers nothing."""
        if self._process:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after ``suspend``."""
        if self._process:
            self._process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Start again on the same ports with the same data; where it still runs, stop it in order first.

        Raises:
            UserError: the broker was never started, or Kafka did not come up.
        """
        self._end()
        self._launch()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _home(self) -> Path:
        if self._folder is None:
            raise UserError("the local broker is not running", remedy="start it first")
        return self._folder

    def _prepare(self) -> None:
        if self._given_data:
            self._given_data.mkdir(parents=True, exist_ok=True)
        self._folder = self._given_data or Path(tempfile.mkdtemp(prefix="lagebild-kafka-"))
        (self._home / "server.properties").write_text(self._configuration(), encoding="utf-8")
        if not (self._home / "data" / "meta.properties").exists():
            self._format()

    def _configuration(self) -> str:
        listeners = ",".join(f"{name}://{self.address(name)}" for name in self._protocols)
        chosen = {
            "listeners": listeners,
            "advertised.listeners": listeners,
            "listener.security.protocol.map": ",".join(f"{n}:{p}" for n, p in self._protocols.items()),
            "controller.quorum.bootstrap.servers": self.address("CONTROLLER"),
            "log.dirs": str(self._home / "data"),
            **self._properties,
        }
        return jars.server_properties() + "\n" + "".join(f"{key}={value}\n" for key, value in chosen.items())

    def _format(self) -> None:
        arguments = ["format", "--standalone", "-t", _cluster_id(), "-c", str(self._home / "server.properties")]
        done = subprocess.run(
            [*self._java, "kafka.tools.StorageTool", *arguments, *self._format_options],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            cause = _cause(done.stderr + done.stdout)
            raise UserError(
                f"Kafka could not format its storage in {self._home}: {cause} (exit code {done.returncode})"
            )

    def _launch(self) -> None:
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._java, "kafka.Kafka", str(self._home / "server.properties")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._watchdog = Watchdog(self._process.pid, None if self._given_data else self._home)
        self._wait_until_ready(self._process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise UserError(
                    f"Kafka ended while starting: {_cause(self.log_file.read_text('utf-8', 'replace'))}",
                    remedy=self._see_log(),
                )
            if broker_answers(self.bootstrap_servers):
                return
            time.sleep(0.1)
        raise UserError(f"Kafka did not answer within {START_SECONDS:.0f} s", remedy=self._see_log())

    def _see_log(self) -> str:
        if self._given_log or self._given_data:
            return f"see {self.log_file}"
        return "start it with a log file of your own to see all that Kafka says"

    def _end(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        if self._watchdog:
            self._watchdog.dismiss()
        self._watchdog = None


def _cluster_id() -> str:
    """A new cluster id. As in Kafka's own `Uuid.randomUuid` none begins with a dash: its tools would read an option."""
    while (cluster := urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return cluster


def _cause(output: str) -> str:
    """The last exception that Java names, without its stack; else the last thing that was said."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"\S.*(Exception|Error): ", line)]
    last = (named or lines or ["it said nothing"])[-1]
    return last.removeprefix('Exception in thread "main" ')
