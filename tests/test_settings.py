"""Settings: read from the environment, checked, shown without secrets, and all of them documented."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.cli.settings import mask
from services.common.errors import UserError
from services.common.settings import Settings, get_settings

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
    ("secret", "shown"),
    [
        ("postgresql://sink:hunter2@db:5432/lagebild", "postgresql://sink:********@db:5432/lagebild"),
        ("sqlite:///lagebild.db", "sqlite:///lagebild.db"),
        ("hunter2", "********"),
    ],
)
def test_secrets_are_masked(secret: str, shown: str) -> None:
    assert mask(secret) == shown


def test_no_secret_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAGEBILD_SASL_PASSWORD", "hunter2")
    monkeypatch.setenv("LAGEBILD_DATABASE", "postgresql://sink:hunter2@db/lagebild")
    for options in ([], ["--json"], ["--describe"]):
        result = CliRunner().invoke(app, ["settings", *options])
        assert result.exit_code == 0
        assert "hunter2" not in result.output
    assert "hunter2" not in repr(get_settings())


def test_every_setting_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"`LAGEBILD_{name.upper()}`" in text
        assert field.description
        assert field.description in text
