import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from services.broker import LocalBroker, jars, probe, tools
from services.common.errors import UserError
from services.common.settings import Settings
from tests.conftest import ReadTopic, SendRaw


def test_answers_metadata_requests_and_nothing_else_does(broker: str) -> None:
    assert probe.broker_answers(broker)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        assert not probe.broker_answers(f"127.0.0.1:{deaf.getsockname()[1]}")


async def test_topics_are_not_created_by_being_named(settings: Settings) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    try:
        await admin.describe_topics([f"{settings.topic_prefix}nobody-declared-this"])
        assert f"{settings.topic_prefix}nobody-declared-this" not in await admin.list_topics()
    finally:
        await admin.close()


async def test_fixtures_read_what_was_sent(settings: Settings, send_raw: SendRaw, read_topic: ReadTopic) -> None:
    topic = settings.topic("articles")
    assert await read_topic(topic) == []
    await send_raw(topic, [(b"a", b"\xff\x00", [("h", b"1")]), (b"b", None, [])])
    records = {record.key: record for record in await read_topic(topic)}
    assert records[b"a"].value == b"\xff\x00"
    assert records[b"a"].headers == (("h", b"1"),)
    assert records[b"b"].value is None


def test_keeps_port_and_data_over_a_crash_and_leaves_nothing_behind() -> None:
    """One broker for the whole life: a start costs seconds."""
    broker = LocalBroker()
    broker.start()
    folder, address, first = broker.log_file.parent, broker.bootstrap_servers, broker.pid
    try:
        _topic(address, "create")
        broker.kill()
        assert broker.pid is None
        assert not probe.broker_answers(address)

        broker.restart()
        assert broker.bootstrap_servers == address
        assert broker.pid not in (None, first)
        assert _topic(address, "list") == "kept"
        assert os.getpgid(broker.pid or 0) != os.getpgid(0)  # Ctrl-C here does not reach it
    finally:
        broker.stop()
    assert not folder.exists()
    assert not probe.broker_answers(address)
    broker.stop()


def test_ends_with_a_process_that_is_killed() -> None:
    code = "import time; from services.broker import LocalBroker as B; b = B().start()\n"
    code += "print(b.pid, b.log_file.parent, flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, folder = parent.stdout.readline().split()
        parent.send_signal(signal.SIGKILL)
    _until_gone(int(pid), Path(folder))


def test_names_the_port_that_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} .*--port"):
            LocalBroker(port).start()


def test_starts_whatever_the_random_id_begins_with(monkeypatch: pytest.MonkeyPatch) -> None:
    random = uuid.uuid4
    dashed = iter([uuid.UUID(bytes=b"\xf8" * 16, version=4)])
    monkeypatch.setattr(uuid, "uuid4", lambda: next(dashed, None) or random())
    broker = LocalBroker()
    broker.start()
    try:
        assert next(dashed, None) is None
        assert probe.broker_answers(broker.bootstrap_servers)
    finally:
        broker.stop()


def test_says_why_kafka_does_not_start() -> None:
    with pytest.raises(UserError, match=r"ended while starting: .*Exception: no\.such\.Authorizer"):
        LocalBroker(properties={"authorizer.class.name": "no.such.Authorizer"}).start()


def test_says_why_the_storage_cannot_be_formatted() -> None:
    with pytest.raises(UserError, match=r"ConfigException: Invalid value none for configuration num\.io\.threads"):
        LocalBroker(properties={"num.io.threads": "none"}).start()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (None, "Java 17 or newer is needed for the local broker and was not found: install it, .*openjdk-17"),
        ("echo 'openjdk version \"11.0.2\"' >&2", "Java 17 or newer .* is 11: install it"),
        ("echo 'java version \"1.8.0_392\"' >&2", "is 8: install it"),
        ("exit 1", "does not run as Java"),
    ],
)
def test_says_which_java_is_needed(
    script: str | None, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if script:
        program = tmp_path / "java"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=reason):
        tools.java()


def test_says_that_maven_is_missing_only_where_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = jars.fetch_jars()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert jars.fetch_jars() == fetched
    monkeypatch.setenv("LAGEBILD_KAFKA_CACHE", str(tmp_path / "empty"))
    with pytest.raises(UserError, match=r"Maven is needed .*apt-get install maven"):
        jars.fetch_jars()


def test_a_failed_fetch_leaves_no_half_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "mvn"
    program.write_text("#!/bin/sh\necho '[ERROR] Could not transfer artifact'\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("LAGEBILD_KAFKA_CACHE", str(tmp_path / "cache"))
    with pytest.raises(UserError, match=r"Could not transfer artifact.*Maven Central"):
        jars.fetch_jars()
    assert list((tmp_path / "cache").iterdir()) == []


def _topic(address: str, action: str) -> str:
    """Create or list by a client of its own, as another process would."""
    code = f"""
import asyncio
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
async def main():
    admin = AIOKafkaAdminClient(bootstrap_servers="{address}")
    await admin.start()
    if "{action}" == "create":
        await admin.create_topics([NewTopic("kept", 1, 1)])
    print(*[name for name in await admin.list_topics() if name == "kept"])
    await admin.close()
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _until_gone(pid: int, folder: Path) -> None:
    deadline = time.monotonic() + 30
    while _runs(pid) or folder.exists():
        assert time.monotonic() < deadline, f"process {pid} or its folder {folder} is still there"
        time.sleep(0.1)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
