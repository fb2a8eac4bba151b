"""The database of the seeds in Datasette, as `datasette lagebild.db -m deploy/datasette/metadata.yml` opens it."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from datasette.app import Datasette

from services.storage import open_store
from tests.pages import Page
from tests.seeds import fill_with_seeds, seeds

METADATA = Path(__file__).parents[1] / "deploy" / "datasette" / "metadata.yml"
CONTENT: dict[str, Any] = yaml.safe_load(METADATA.read_text(encoding="utf-8"))["databases"]["lagebild"]
QUERIES = sorted(CONTENT["queries"])
FACETED = sorted(name for name, table in CONTENT["tables"].items() if table.get("facets"))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("datasette") / "lagebild.db"
    fill_with_seeds(f"sqlite:///{path}")
    return path


class Browser:
    """Asks Datasette as a browser does, without a port."""

    def __init__(self, datasette: Datasette) -> None:
        self._client = datasette.client

    async def page(self, path: str, **query: str) -> Page:
        answer = await self._client.get(f"/lagebild{path}?{urlencode(query)}")
        assert answer.status_code == 200, answer.text[:2000]
        return Page(answer.text)

    async def rows(self, path: str, **query: str) -> list[dict[str, Any]]:
        return (await self.json(path, **query))["rows"]  # type: ignore[no-any-return]  # JSON

    async def json(self, path: str, **query: str) -> dict[str, Any]:
        answer = await self._client.get(f"/lagebild{path}.json?{urlencode({'_shape': 'objects', **query})}")
        assert answer.status_code == 200, answer.text[:2000]
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def browser(database: Path) -> AsyncIterator[Browser]:
    datasette = Datasette(
        [str(database)], metadata=yaml.safe_load(METADATA.read_text(encoding="utf-8")), settings={"num_sql_threads": 1}
    )
    await datasette.invoke_startup()
    yield Browser(datasette)
    for known in datasette.databases.values():
        known.close()
    if datasette.executor:
        datasette.executor.shutdown()


async def test_tables_that_people_ask_are_shown_and_no_other(browser: Browser) -> None:
    tables = await browser.json("")
    hidden = {table["name"] for table in tables["tables"] if table["hidden"]}
    views = {view["name"] for view in tables["views"]}
    every = {table["name"] for table in tables["tables"]} | views
    assert set(CONTENT["tables"]) <= every | {"dead_letters"}
    assert hidden >= {name for name, table in CONTENT["tables"].items() if table.get("hidden")} | {"articles_fts"}
    assert views == {"deployments", "supplies", "statements", "told_events", "speakers"}


@pytest.mark.parametrize("table", FACETED)
async def test_facets_count_the_rows(browser: Browser, table: str) -> None:
    found = await browser.json(f"/{table}", _size="0")
    facets = found["facet_results"]
    assert set(facets) == set(CONTENT["tables"][table]["facets"])
    if table == "events":
        events = [event for _, told in seeds() for event in told]
        counted = {one["value"]: one["count"] for one in facets["type"]["results"]}
        assert counted == {kind: sum(e.type == kind for e in events) for kind in ("deployment", "supply", "statement")}


async def test_a_table_opens_with_its_facets_in_sight(browser: Browser) -> None:
    page = await browser.page("/deployments")
    text = " ".join(page.words.split())
    for words in ("Who sent what from where to where", "movement", "destination_country", "withdraw"):
        assert words in text


async def test_texts_are_searched(browser: Browser) -> None:
    found = await browser.rows("/articles", _search="Pjöngjang")
    assert {row["article_id"] for row in found} == {one.id for one, _ in seeds() if "Pjöngjang" in one.text}
    assert "_search" in (await browser.page("/articles")).fields
    events = await browser.rows("/search", words="Pjöngjang")
    assert events
    assert {row["title"] for row in events} == {row["title"] for row in found}
    assert await browser.rows("/search", words='"unbalanced') == []


@pytest.mark.parametrize("query", QUERIES)
async def test_every_saved_query_finds_rows(browser: Browser, query: str) -> None:
    rows = await browser.rows(f"/{query}")
    assert rows
    for column in rows[0]:
        assert any(row[column] not in (None, "") for row in rows), column
    assert CONTENT["queries"][query]["title"] in (await browser.page(f"/{query}")).words


@pytest.mark.parametrize(
    ("query", "parameters"),
    [("map", {"actor": "prk"}), ("map", {"country": "RUS"}), ("supplied_to", {"recipient": "UKR"})],
)
async def test_parameters_choose_among_the_rows(browser: Browser, query: str, parameters: dict[str, str]) -> None:
    everything = await browser.rows(f"/{query}")
    chosen = await browser.rows(f"/{query}", **parameters)
    assert 0 < len(chosen) < len(everything)
    assert all(row in everything for row in chosen)
    assert await browser.rows(f"/{query}", **dict.fromkeys(parameters, "XXX")) == []


async def test_the_given_article_shows_the_numbers_and_who_gives_them(browser: Browser) -> None:
    numbers = {(row["said_by"], row["at_least"]) for row in await browser.rows("/numbers")}
    assert {("südkoreanischer Geheimdienst", 1500), ("US-Verteidigungsministerium", 10000)} <= numbers
    assert any("Geheimdienst: " in (row["numbers"] or "") for row in await browser.rows("/disagreement"))


@pytest.mark.parametrize("path", ["/deployments", "/places", "/map"])
async def test_the_map_gets_its_points(browser: Browser, path: str) -> None:
    """As the plugin's script asks: datasette-cluster-map.js."""
    page = await browser.page(path)
    assert any("datasette-cluster-map.js" in source for source in page.sources)
    found = await browser.json(path, _size="max", _labels="on", _extra="next_url")
    points = [(row["latitude"], row["longitude"]) for row in found["rows"] if row["latitude"] is not None]
    places = [event for _, told in seeds() for event in told if event.type == "deployment"]
    assert points
    assert all(-90 <= latitude <= 90 and -180 <= longitude <= 180 for latitude, longitude in points)
    if path != "/places":
        wanted = [event.destination for event in places if event.destination]
        assert len(points) == sum(place.latitude is not None for place in wanted)
    if path == "/map":
        assert all({"title", "description"} == set(json.loads(row["popup"])) for row in found["rows"])


def test_the_command_of_the_documentation_opens_it(database: Path) -> None:
    """And a sink may write meanwhile."""
    store = open_store(f"sqlite:///{database}")
    command = [sys.executable, "-m", "datasette", "serve", "lagebild.db", "-m", str(METADATA)]
    done = subprocess.run(
        [*command, "--get", "/lagebild/by_day.json?_shape=array"],
        capture_output=True,
        text=True,
        cwd=database.parent,
        check=False,
        timeout=120,
    )
    store.close()
    assert done.returncode == 0, done.stderr
    assert sum(row["events"] for row in json.loads(done.stdout)) == sum(len(events) for _, events in seeds())
