"""`lagebild events`: what it lists, and what it says when it cannot."""

import asyncio
import json
import os
import signal
from io import StringIO
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from schemas import Event, read_event
from services.cli.events import events as command
from services.cli.tables import records_table
from services.common.settings import Settings
from tests.commands import refusal
from tests.databases import fill
from tests.findings import article, findings
from tests.processes import Service, until
from tests.sinking import processed, send

app = typer.Typer()
app.command()(command)


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A database of two articles with three events each."""
    url = f"sqlite:///{tmp_path}/test.db"
    fill(url)
    return url


def listed(*arguments: str) -> list[Event]:
    result = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    return [read_event(line.encode()) for line in result.stdout.splitlines()]


def test_records_are_listed_as_they_were_sent(database: str) -> None:
    assert listed("--database", database) == [*findings(article(1)), *findings(article(2))]


@pytest.mark.parametrize(
    ("options", "types"),
    [
        (["--type", "supply", "--type", "deployment", "--article", "artikel-1"], {"supply", "deployment"}),
        (["--actor", "niederlande"], {"supply"}),
        (["--actor", "DNK", "--status", "actual"], {"statement", "deployment"}),
        (["--status", "denied"], set()),
        (["--since", "2024-03-20"], {"deployment"}),
        (["--since", "1d"], set()),
        (["--until", "2024-03-19", "--limit", "1"], {"statement"}),
    ],
)
def test_filters(database: str, options: list[str], types: set[str]) -> None:
    assert {event.type for event in listed("--database", database, *options)} == types


def test_the_table_tells_who_what_where_how_many_and_who_says_so(database: str) -> None:
    result = CliRunner().invoke(app, ["--database", database, "--type", "deployment"], env={"COLUMNS": "200"})
    for words in ("Dänemark (DNK)", "Soldaten", "Aalborg (DNK) → Estland (EST)", "at least 120", "actual"):
        assert words in result.stdout
    assert "Verteidigungsministerium (DNK)" in result.stdout


def test_markup_in_an_article_stays_text() -> None:
    (statement,) = findings(article(), count=1)
    speaker = statement.speaker[0].model_copy(update={"name": "[bold]Amt[/bold]"})  # type: ignore[union-attr]  # it is one
    console = Console(width=200, file=StringIO())
    console.print(records_table([statement.model_copy(update={"speaker": (speaker,)})]))
    assert isinstance(console.file, StringIO)
    assert "[bold]Amt[/bold]" in console.file.getvalue()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--type", "rumour"], "'rumour' does not exist: choose from deployment"),
        (["--since", "gestern"], "'gestern' is no day"),
        (["--from-beginning"], "goes with --follow"),
        (["--database", "sqlite:///nowhere.db"], "holds no records"),
        (["--database", "postgresql://u:geheim@127.0.0.1:1/x"], "cannot be used"),
    ],
)
def test_what_cannot_be_done_is_explained(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = refusal(app, arguments)
    assert said in found
    assert "geheim" not in found


async def test_follow_shows_what_arrives(settings: Settings, tmp_path: Path) -> None:
    log = tmp_path / "events.log"
    code = "import typer; from services.cli.events import events; typer.run(events)"
    await send(settings, processed([article(1)]))
    service = Service(["-c", code, "--follow", "--from-beginning", "--json", "--type", "supply"], settings, log)
    with service:
        await asyncio.to_thread(until, lambda: lines(service) == ["artikel-1"], "what the topic holds")
        await send(settings, processed([article(2)]))
        await asyncio.to_thread(until, lambda: lines(service) == ["artikel-1", "artikel-2"], "what comes")
        os.kill(service.pid, signal.SIGINT)
        await asyncio.to_thread(service.wait)


def lines(service: Service) -> list[str]:
    """The articles of the records shown so far."""
    return [json.loads(line)["article"]["id"] for line in service.log().splitlines() if line.startswith("{")]
