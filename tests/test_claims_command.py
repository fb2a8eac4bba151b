"""`lagebild claims`: what it lists, and what it says when it cannot."""

from contextlib import closing
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from schemas import read_claim
from services.cli.claims import claims as command
from services.storage import Change, open_store
from tests.claim_articles import EXTRACTOR, forty
from tests.commands import refusal
from tests.findings import moment, receipt

app = typer.Typer()
app.command()(command)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The forty articles and their claims."""
    url = f"sqlite:///{tmp_path_factory.mktemp('claims')}/test.db"
    with closing(open_store(url)) as store:
        for article, events in forty():
            told = (article, *events, receipt(article, events, EXTRACTOR))
            store.write([Change(record, moment(0)) for record in told], "test", {})
        store.refresh_claims()
    return url


def shown(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "160"}, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_statuses_and_numbers_stand_side_by_side(database: str) -> None:
    lines = shown("--database", database, "--actor", "TUR", "--until", "2025-04-01").splitlines()
    text = "\n".join(line.strip() for line in lines)
    assert "Türkei (TUR) → Libyen (LBY)   deployment, deploy: Soldaten" in text
    assert "6 articles, 3 independent sources; they disagree on status and quantity" in text
    assert "actual   libysche Einheitsregierung (LBY) ×3; " in text
    assert "denied   Orhan Demirtas (TUR); Türkei (TUR) (deny)" in text
    assert (
        "numbers  libysche Einheitsregierung (LBY): at least 600; ägyptischer Geheimdienst (EGY): about 2,000" in text
    )


@pytest.mark.parametrize("options", [["--json"], ["--format", "jsonl"]])
def test_json_is_what_the_topic_has(database: str, options: list[str]) -> None:
    lines = shown("--database", database, "--limit", "0", *options).splitlines()
    with closing(open_store(database, create=False)) as store:
        assert [read_claim(line.encode()) for line in lines] == list(store.claims())


@pytest.mark.parametrize(
    ("options", "number"),
    [
        (["--actor", "PRK"], 0),
        (["--recipient", "UKR", "--type", "supply"], 6),
        (["--destination", "Meer"], 2),
        (["--disagreeing", "--since", "2025-05-01"], 3),
        (["--until", "2024-12-31"], 2),
        (["--source", "Demirtas"], 1),
    ],
)
def test_filters(database: str, options: list[str], number: int) -> None:
    assert len(shown("--database", database, "--json", *options).splitlines()) == number


def test_changes_that_wait_are_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/test.db"
    with closing(open_store(url)) as store:
        article, events = forty()[0]
        told = (article, *events, receipt(article, events, EXTRACTOR))
        store.write([Change(record, moment(0)) for record in told], "test", {})
    result = CliRunner().invoke(app, ["--database", url], catch_exceptions=False)
    assert "no claims" in result.stderr
    assert "1 changes of articles are not taken up yet" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--type", "statement"], "'statement' does not exist: choose from deployment, supply"),
        (["--format", "xml"], "'xml' does not exist: choose from text, jsonl"),
        (["--since", "gestern"], "'gestern' is no day"),
        (["--database", "sqlite:///nowhere.db"], "holds no records"),
    ],
)
def test_what_cannot_be_done_is_explained(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in refusal(app, arguments)
