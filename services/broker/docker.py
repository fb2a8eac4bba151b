"""The same Kafka in a container, for machines that have Docker and no Java: the image that docker-compose.yml names."""

import atexit
import re
import shutil
import subprocess
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

from services.broker.jars import ROOT
from services.broker.local import START_SECONDS
from services.broker.ports import HOST, choose_ports
from services.broker.probe import broker_answers
from services.common.errors import UserError

STOP_SECONDS = 15


def docker() -> str | None:
    """Path of a Docker client whose engine answers, None where there is none."""
    program = shutil.which("docker")
    if program is None:
        return None
    done = subprocess.run([program, "info"], capture_output=True, timeout=30, check=False)
    return program if done.returncode == 0 else None


class DockerBroker:
    """One Kafka broker in a container; a context manager that starts it and removes it.

    Args:
        program: the Docker client.
        log_file: gets the container's log when it stops.
        port: the port clients connect to on 127.0.0.1; None for a free one.
    """

    def __init__(self, program: str, *, log_file: Path | None = None, port: int | None = None) -> None:
        self._docker = program
        self._log_file = log_file
        self._port = choose_ports(("PLAINTEXT",), {} if port is None else {"PLAINTEXT": port})["PLAINTEXT"]
        self._name = f"lagebild-kafka-{uuid.uuid4().hex[:8]}"

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` that clients connect to."""
        return f"{HOST}:{self._port}"

    def start(self) -> Self:
        """Start the container and wait until the broker answers.

        Raises:
            UserError: Docker refuses, or Kafka did not come up.
        """
        atexit.register(self.stop)
        environment = [f"--env={name}={value}" for name, value in self._environment().items()]
        publish = f"{self.bootstrap_servers}:{self._port}"
        done = self._run("run", "--detach", "--rm", "--name", self._name, "--publish", publish, *environment, _image())
        if done.returncode != 0:
            raise UserError(f"Docker does not start Kafka ({done.stderr.strip()})", remedy="or install Java and Maven")
        deadline = time.monotonic() + START_SECONDS
        while not broker_answers(self.bootstrap_servers):
            if time.monotonic() > deadline:
                self.stop()
                raise UserError(f"Kafka did not answer within {START_SECONDS:.0f} s", remedy=f"see {self._log_file}")
            time.sleep(0.2)
        return self

    def stop(self) -> None:
        """Keep the log, stop the container and remove it. May be called twice."""
        atexit.unregister(self.stop)
        if self._log_file is not None and (log := self._run("logs", self._name)).returncode == 0:
            self._log_file.write_text(log.stdout + log.stderr, encoding="utf-8")
        self._run("stop", "--time", str(STOP_SECONDS), self._name)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self._docker, *arguments], capture_output=True, text=True, check=False)

    def _environment(self) -> dict[str, str]:
        return {
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_LISTENERS": f"PLAINTEXT://:{self._port},CONTROLLER://:9093",
            "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{self.bootstrap_servers}",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        }


def _image() -> str:
    """The image of the compose file, so that its version stands in one place."""
    compose = ROOT / "docker-compose.yml"
    found = re.search(r"image: (apache/kafka:\S+)", compose.read_text(encoding="utf-8")) if compose.is_file() else None
    if found is None:
        raise UserError(f"{compose} does not name the image of Kafka", remedy="run it from a checkout of the project")
    return found.group(1)
