"""TLS, passwords and rights on a real broker and a real PostgreSQL, by the commands that docs/security.md gives."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.common.errors import UserError
from services.common.kafka import probe
from services.common.settings import Settings
from services.storage import open_store
from tests.processes import ROOT, Service, environment, until
from tests.secure import PASSWORD, SecureBroker, documented
from tests.standins import RAISE

ARTICLE = '{"id": "a1", "text": "„Wir bleiben“, sagte der Sprecher."}\n'
BAD = f'{{"id": "a2", "text": "{RAISE}"}}\n'
ACL = "kafka-acls.sh --bootstrap-server HOST --command-config root.properties --add --allow-principal"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """In place of the session's: one that lets nobody in without TLS and a password."""
    secure = SecureBroker(tmp_path_factory.mktemp("secure"))
    with secure.local:
        yield secure


@pytest.fixture(scope="module")
def _topics(broker: SecureBroker, tmp_path_factory: pytest.TempPathFactory) -> None:
    asyncio.run(broker.allow(*documented()["admin"]))
    done = lagebild(broker.settings("admin", tmp_path_factory.mktemp("admin")), "topics", "create")
    assert done.returncode == 0, done.stderr


def lagebild(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of `lagebild` in a process of its own, as a person runs it."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", *arguments],
        env=environment(settings, COLUMNS="200"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def assert_said(done: subprocess.CompletedProcess[str], words: str) -> None:
    """It has ended with code 2 and one sentence that holds these words (a regular expression), and no traceback."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("lagebild: ") or "[error" in line]
    assert len(said) == 1, done.stderr
    assert re.search(words, said[0]), said[0]


@pytest.mark.usefixtures("_topics")
async def test_the_whole_stream_runs_with_the_documented_rights_alone(broker: SecureBroker, tmp_path: Path) -> None:
    for rules in documented().values():
        await broker.allow(*rules)
    articles = tmp_path / "articles.jsonl"
    articles.write_text(ARTICLE + BAD, encoding="utf-8")
    logs = [tmp_path / "extractor.log", tmp_path / "sink.log"]
    extractor = Service.command("extractor", broker.settings("extractor", tmp_path, log_level="debug"), logs[0])
    sink = Service.command("sink", broker.settings("sink", tmp_path, log_level="debug"), logs[1])
    produced = lagebild(broker.settings("producer", tmp_path), "produce", str(articles))
    assert "2 articles confirmed" in produced.stdout, produced.stderr
    with extractor, sink:
        until(lambda: sink.metric("lagebild_sink_rows_total", table="events", outcome="written") == 1, "a row")
        until(lambda: extractor.metric("lagebild_dead_letters_total") == 1, "a dead letter")
        operator = broker.settings("operator", tmp_path)
        assert "nothing to be made of" in lagebild(operator, "dead-letters", "list").stdout
        assert "1 messages sent back" in lagebild(operator, "dead-letters", "requeue", "--all", "--yes").stderr
        until(lambda: extractor.metric("lagebild_dead_letters_total") == 2, "it has come back")
        assert extractor.terminate() == sink.terminate() == 0
    store = open_store(f"sqlite:///{tmp_path}/lagebild.db", create=False)
    assert store.counts().events == 1
    store.close()
    for log in logs:
        assert PASSWORD not in log.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [("produce", "seeds"), ("extractor",), ("sink",)], ids=str)
async def test_a_wrong_password_is_said_by_every_command(
    broker: SecureBroker, tmp_path: Path, command: tuple[str, ...]
) -> None:
    settings = broker.settings("sink", tmp_path, sasl_password=SecretStr("falsch"))
    assert_said(lagebild(settings, *command), r"refuses the user 'sink'.*LAGEBILD_SASL_PASSWORD")


@pytest.mark.usefixtures("_topics")
@pytest.mark.parametrize(
    ("command", "about"),
    [
        (("produce", "seeds"), "the topic articles"),
        (("dead-letters", "list"), "the topic dead-letters"),
        (("extractor",), "the topic"),
        (("sink",), "the topic"),
    ],
    ids=str,
)
async def test_a_missing_rule_is_said_by_every_command(
    broker: SecureBroker, tmp_path: Path, command: tuple[str, ...], about: str
) -> None:
    done = lagebild(broker.settings("nobody", tmp_path), *command)
    assert_said(done, rf"the user 'nobody' may not use {about}.*docs/security\.md")


@pytest.mark.usefixtures("_topics")
@pytest.mark.parametrize("service", ["extractor", "sink"])
async def test_a_missing_rule_for_the_group_is_said(broker: SecureBroker, tmp_path: Path, service: str) -> None:
    topics = "--topic articles --topic events --topic extractions --topic claims --topic dead-letters"
    await broker.allow(f"{ACL} User:half --operation Read --operation Write {topics}")
    done = lagebild(broker.settings("half", tmp_path), service)
    assert_said(done, rf"the user 'half' may not use the group lagebild-{service}.*docs/security\.md")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"listener": "EXPIRED"}, "certificate has expired.*the broker's certificate"),
        ({"listener": "ELSEWHERE"}, "not valid for '127.0.0.1'.*the broker's certificate"),
        ({"ssl_cafile": None}, "unable to get local issuer certificate.*LAGEBILD_SSL_CAFILE"),
        ({"ssl_cafile": "stranger"}, "LAGEBILD_SSL_CAFILE"),
        ({"ssl_cafile": Path("nirgends.pem")}, "certificate files cannot be used.*LAGEBILD_SSL_CAFILE"),
        ({"ssl_cafile": Path(__file__)}, "certificate files cannot be used.*LAGEBILD_SSL_CAFILE"),
        ({"security_protocol": "SSL"}, "closes the connection by SSL.*LAGEBILD_SECURITY_PROTOCOL"),
        ({"security_protocol": "PLAINTEXT"}, "LAGEBILD_SECURITY_PROTOCOL"),
        ({"sasl_mechanism": "SCRAM-SHA-256"}, "does not speak SCRAM-SHA-256.*LAGEBILD_SASL_MECHANISM"),
        ({"sasl_username": None}, "no user or password.*LAGEBILD_SASL_USERNAME"),
    ],
    ids=str,
)
async def test_a_connection_that_cannot_be_trusted_is_refused_with_the_reason(
    broker: SecureBroker, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    if changes.get("ssl_cafile") == "stranger":
        changes = {"ssl_cafile": broker.certificates.stranger}
    with pytest.raises(UserError, match=words) as refused:
        await probe(broker.settings("sink", tmp_path, **changes))
    assert PASSWORD not in str(refused.value)


async def test_an_expired_certificate_ends_the_service(broker: SecureBroker, tmp_path: Path) -> None:
    assert_said(lagebild(broker.settings("sink", tmp_path, listener="EXPIRED"), "sink"), "certificate has expired")
