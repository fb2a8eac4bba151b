"""Settings: read from the environment, checked, shown without secrets, and all of them documented."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from services.cli.main import app
from services.common.errors import UserError
from services.common.masking import masked
from services.common.settings import Settings, get_settings
from tests.processes import ROOT, Service, environment, until

DOCS = Path(__file__).parents[1] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    get_settings.cache_clear()


def test_come_from_the_environment_and_from_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LAGEBILD_PARTITIONS=7\nLAGEBILD_SINK_GROUP=mine\n", encoding="utf-8")
    monkeypatch.setenv("LAGEBILD_SINK_GROUP", "ours")
    settings = get_settings()
    assert settings.partitions == 7
    assert settings.sink_group == "ours"


def test_a_value_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAGEBILD_PARTITIONS", "many")
    with pytest.raises(UserError, match="LAGEBILD_PARTITIONS"):
        get_settings()


def test_topics_carry_the_prefix() -> None:
    assert Settings(topic_prefix="try-").topic("dead_letters") == "try-dead-letters"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://sink:hunter2@db:5432/lagebild", "postgresql://sink:********@db:5432/lagebild"),
        ("postgresql://sink@db/lagebild?password=hunter2", "postgresql://sink@db/lagebild?password=********"),
        ("postgresql:///lagebild?host=/run&PASSWORD=hunter2", "postgresql:///lagebild?host=/run&PASSWORD=********"),
        ("postgresql:///x?%70assword=hunter2&sslmode=require", "postgresql:///x?%70assword=********&sslmode=require"),
        ("postgresql://db/x?sslpassword=hunter2&sslkey=a.pem", "postgresql://db/x?sslpassword=********&sslkey=a.pem"),
        ("postgresql://sink:hunter2/?@x@db/lagebild", "postgresql://sink:********@db/lagebild"),
        ("https://:hunter2@traces/v1?api_key=hunter2", "https://:********@traces/v1?api_key=********"),
        ("sqlite:///lagebild.db", "sqlite:///lagebild.db"),
        ("postgresql://sink@db:5432/lagebild?sslmode=require", "postgresql://sink@db:5432/lagebild?sslmode=require"),
    ],
)
def test_secrets_in_urls_are_masked(url: str, shown: str) -> None:
    assert masked(url) == shown


@pytest.mark.parametrize("url", ["postgresql://sink:hunter2@db/lagebild", "postgresql://sink@db/x?password=hunter2"])
def test_no_secret_is_printed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAGEBILD_SASL_PASSWORD", "hunter2")
    monkeypatch.setenv("LAGEBILD_DATABASE", url)
    monkeypatch.setenv("LAGEBILD_OTLP_ENDPOINT", "http://me:hunter2@traces:4318")
    for options in ([], ["--json"], ["--describe"]):
        result = CliRunner().invoke(app, ["settings", *options])
        assert result.exit_code == 0
        assert "hunter2" not in result.output
    assert "hunter2" not in repr(get_settings().database)
    assert "hunter2" not in repr(get_settings().sasl_password)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://leser@127.0.0.1:1/lagebild?password=hunter2",
        "postgresql://leser:hunter2@127.0.0.1:1/lagebild",
        "postgresql://leser:hunter2@127.0.0.1:port/lagebild",
        "postgresql://leser@127.0.0.1:1/lagebild?password=hunter2&unknown=1",
        "mysql://leser:hunter2@127.0.0.1/lagebild",
    ],
)
def test_no_secret_is_in_logs_or_errors(url: str, tmp_path: Path) -> None:
    """Of a service, and of a command that reads: a database that is not there, or a URL that is none."""
    settings = Settings(_env_file=None, database=SecretStr(url), sink_web_port=0, log_level="debug")
    reading = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "events"],
        env=environment(settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert reading.returncode == 2, reading.stderr
    assert "hunter2" not in reading.stdout + reading.stderr
    assert "Traceback" not in reading.stderr
    with Service.command("sink", settings, tmp_path / "sink.log") as service:
        until(lambda: not service.running or "waiting for the database" in service.log(), "it has said something")
        assert "hunter2" not in service.log()
        assert "database" in service.log()
        assert "Traceback" not in service.log()


def test_every_setting_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"`LAGEBILD_{name.upper()}`" in text
        assert field.description
        assert field.description in text
