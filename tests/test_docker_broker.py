"""The demo's broker on a machine without Java: from a container, or a clear word.

No Docker engine runs where the tests do, so a client that stands in for it starts the same Kafka from Maven: what is
proven is the order of calls, the ports and the end; the image itself is not.
"""

import os
import sys
from pathlib import Path

import pytest

from services.broker import DockerBroker, available_broker
from services.broker.probe import broker_answers
from services.common.errors import UserError

ROOT = Path(__file__).parents[1]
CLIENT = f"""#!{sys.executable}
import os, signal, subprocess, sys
from pathlib import Path
here, arguments = Path(__file__).parent, sys.argv[1:]
with (here / "calls").open("a") as calls:
    print(*arguments, file=calls)
if arguments[0] == "run":
    port = arguments[arguments.index("--publish") + 1].split(":")[1]
    environment = {{**os.environ, "PATH": os.environ["REAL_PATH"], "PYTHONPATH": "{ROOT}"}}
    child = subprocess.Popen(
        [sys.executable, "-m", "services.cli.main", "broker", "--port", port],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )
    (here / "pid").write_text(str(child.pid))
if arguments[0] == "logs":
    print("the log of the container")
if arguments[0] == "stop":
    os.kill(int((here / "pid").read_text()), signal.SIGTERM)
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with programs: no Java, no Maven."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("REAL_PATH", os.environ["PATH"])
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return folder


def test_a_container_is_started_asked_and_stopped(programs: Path, tmp_path: Path) -> None:
    client = programs / "docker"
    client.write_text(CLIENT, encoding="utf-8")
    client.chmod(0o755)
    log = tmp_path / "kafka.log"
    broker = available_broker(log)
    assert isinstance(broker, DockerBroker)
    with broker:
        assert broker_answers(broker.bootstrap_servers)
    assert log.read_text(encoding="utf-8") == "the log of the container\n"
    calls = (programs / "calls").read_text(encoding="utf-8").splitlines()
    assert [call.split()[0] for call in calls] == ["info", "run", "logs", "stop"]
    assert "apache/kafka:4.1.0" in calls[1]
    assert f"KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{broker.bootstrap_servers}" in calls[1]


def test_with_neither_the_remedies_are_named(programs: Path, tmp_path: Path) -> None:
    assert programs.is_dir()
    with pytest.raises(UserError, match=r"Java.*openjdk.*Docker"):
        available_broker(tmp_path / "kafka.log")
