"""`lagebild explain` and `lagebild report` as a person meets them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app

TEXT = "Frankreich hat der Ukraine am Montag 40 Panzer geliefert, sagte der französische Verteidigungsminister.\n"


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "meldung.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_each_slot_has_its_words_its_meaning_and_its_reason(article: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(app, ["explain", str(article)])
    assert result.exit_code == 0, result.output
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in result.output.splitlines() if "│" in line]
    supplier = next(row for row in rows if row[0] == "supplier")
    assert "FRA" in supplier[2]
    assert "linker:" in supplier[3]
    assert {"anchor", "goods", "quantity", "speaker", "content", "status"} <= {row[0] for row in rows}
    assert all(row[3] for row in rows if row[0])


def test_the_report_is_a_page_with_the_text_and_the_records(article: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["report", str(article), "-o", str(page)])
    assert result.exit_code == 0, result.output
    html = page.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "Panzer" in html
    assert "UKR" in html


def test_a_page_that_cannot_be_written_is_said(article: Path) -> None:
    result = CliRunner().invoke(app, ["report", str(article), "-o", "/no/such/folder/page.html"])
    assert "cannot be written" in str(result.exception)


def test_nothing_to_report_on_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n", encoding="utf-8")
    result = CliRunner().invoke(app, ["report", str(tmp_path / "empty.txt"), "-o", str(tmp_path / "page.html")])
    assert "no article to report on" in str(result.exception)
