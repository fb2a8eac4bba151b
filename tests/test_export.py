"""`lagebild export` and `lagebild.connect`: the same records in every form, from both databases."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

import lagebild
from schemas import Article, Event, read_event
from services.cli.export import export as command
from services.common.errors import UserError
from services.export import FORMATS, export
from services.export.flat import COLUMNS, flat
from tests.databases import fill
from tests.findings import article, findings

app = typer.Typer()
app.command()(command)


@pytest.fixture
def url(url: str) -> str:
    """A database of each kind with articles in it."""
    fill(url)
    return url


def exported(url: str, form: str, out: Path, *filters: str) -> bytes:
    result = CliRunner().invoke(
        app, ["--database", url, "--format", form, "-o", str(out), *filters], catch_exceptions=False
    )
    assert result.exit_code == 0
    return out.read_bytes()


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [str(row["event_id"]) for row in rows]


READERS: dict[str, Callable[[bytes], list[dict[str, Any]]]] = {
    "csv": lambda data: list(csv.DictReader(io.StringIO(data.decode(), newline=""))),
    "jsonl": lambda data: [json.loads(line) for line in data.splitlines()],
    "parquet": lambda data: pq.read_table(io.BytesIO(data)).to_pylist(),
    "geojson": lambda data: [feature["properties"] for feature in json.loads(data)["features"]],
}


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_the_same_records_and_filters(url: str, form: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    everything = [str(event.event_id) for one in (article(1), article(2)) for event in findings(one)]
    assert ids(READERS[form](exported(url, form, out))) == everything
    supplies = READERS[form](exported(url, form, out, "--recipient", "UKR", "--search", "leopard*"))
    assert ids(supplies) == everything[2::3]
    assert READERS[form](exported(url, form, out, "--country", "FRA")) == []
    assert list(tmp_path.glob("*.part")) == []


def test_json_lines_are_the_records() -> None:
    out = io.BytesIO()
    assert export(findings(article()), out, "jsonl") == 3
    assert [read_event(line) for line in out.getvalue().splitlines()] == findings(article())


def test_csv_can_be_read_by_others() -> None:
    odd = article(title='Er sagte: "Nein",\nund ging; =1+1')
    out = io.BytesIO()
    export(findings(odd), out, "csv")
    rows = READERS["csv"](out.getvalue())
    assert {row["title"] for row in rows} == {odd.title}
    assert (rows[1]["actor"], rows[1]["actor_codes"], rows[1]["quantity_min"], rows[1]["quantity_max"]) == (
        ("Dänemark", "DNK", "120", "")
    )
    assert (rows[1]["published_at"], rows[1]["reported"]) == ("2024-03-19T18:05:00Z", "true")


def test_geojson_has_longitude_first_and_null_where_there_is_no_place() -> None:
    out = io.BytesIO()
    export(findings(article()), out, "geojson")
    collection = json.loads(out.getvalue())
    assert collection["type"] == "FeatureCollection"
    assert {feature["type"] for feature in collection["features"]} == {"Feature"}
    # The destination, Estonia, has no coordinates: the origin stands for the deployment.
    assert [feature["geometry"] for feature in collection["features"]] == (
        [None, {"type": "Point", "coordinates": [9.92, 57.05]}, None]
    )


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_found_is_a_whole_file(form: str) -> None:
    out = io.BytesIO()
    assert export([], out, form) == 0  # type: ignore[arg-type]  # one of them
    assert READERS[form](out.getvalue()) == []


@pytest.mark.parametrize("form", FORMATS)
def test_records_are_written_as_they_come(form: str) -> None:
    """No format may gather all records first: memory would grow with the database."""
    out = io.BytesIO()
    written: list[int] = []

    def events() -> Iterator[Event]:
        for number in range(4_000):
            if number in (0, 3_999):
                written.append(out.tell())
            yield from findings(article(number))

    assert export(events(), out, form) == 12_000  # type: ignore[arg-type]  # one of them
    assert written[1] > written[0]


def test_moments_are_utc_and_days_are_days(url: str) -> None:
    zoned = article(7, published=datetime.fromisoformat("2024-03-19T00:30:00+01:00"))
    dated = article(8, published=date(2024, 3, 19))
    assert [flat(findings(one)[0])["published_on"] for one in (zoned, dated)] == [date(2024, 3, 18), date(2024, 3, 19)]
    fill(url, [zoned, dated])
    with lagebild.connect(url) as database:
        frame = database.events(article=zoned.id, type="deployment")
        (unknown,) = database.events(article=dated.id, type="deployment")["published_at"]
    assert frame["published_at"][0] == datetime(2024, 3, 18, 23, 30, tzinfo=UTC)
    assert unknown is pd.NaT
    assert frame["time_earliest"][0] == date(2024, 3, 1)


def test_a_notebook_gets_frames_with_the_filters_of_the_command(url: str) -> None:
    with lagebild.connect(url) as database:
        frame = database.events(actor="DNK", since="2024-03-01", type=["deployment", "supply"])
        lazy = database.events(frame="polars", search="Panzer*", status="planned")
        assert list(database.records(limit=3)) == findings(article(1))
        assert database.counts().events == 6
    assert isinstance(frame, pd.DataFrame)
    assert isinstance(lazy, pl.DataFrame)
    assert list(frame.columns) == lazy.columns == list(COLUMNS)
    assert list(frame["destination"]) == ["Estland", "Estland"]
    assert lazy["recipient_codes"].to_list() == [["UKR"], ["UKR"]]


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"actors": "PRK"}, "no filter 'actors': choose from actor, article"),
        ({"type": "rumour"}, "'rumour' does not exist"),
        ({"since": "gestern"}, "'gestern' is no day"),
        ({"frame": "numpy"}, "no frames of 'numpy'"),
    ],
)
def test_a_wrong_filter_is_explained(tmp_path: Path, filters: dict[str, Any], said: str) -> None:
    url = f"sqlite:///{tmp_path}/test.db"
    fill(url)
    with lagebild.connect(url) as database, pytest.raises(UserError, match=said):
        database.events(**filters)


def test_connecting_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no records"):
        lagebild.connect(f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "xlsx"], "'xlsx' does not exist: choose from csv, jsonl"),
        (["-o", "no/such/folder/x.csv"], "cannot be written"),
        (["--database", "sqlite:///nowhere.db"], "holds no records"),
    ],
)
def test_what_cannot_be_exported_is_explained(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fill("sqlite:///lagebild.db", [article()])
    with pytest.raises(UserError, match=said):
        CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_an_article_is_one_row_an_event_with_all_columns() -> None:
    one: Article = article()
    for event in findings(one):
        assert list(flat(event)) == list(COLUMNS)
