"""`lagebild report --since`: the digest of a database as one page."""

import re
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from schemas import Article, ArticleReference, Claim, DeploymentEvent, Event, Number, Party, Place
from services.cli.report import report as command
from services.report import Scope, render_digest
from services.report.claims import SCALE, Bar, figures
from services.report.entries import entry, timeline
from services.report.map import WIDTH, draw, spots
from services.storage import Change, ClaimFilter, EventFilter, open_store
from tests.claim_articles import EXTRACTOR, forty
from tests.commands import refusal
from tests.databases import fill
from tests.findings import article, findings, moment, receipt
from tests.pages import Page
from tests.seeds import seeds

app = typer.Typer()
app.command()(command)
SCOPE = Scope("All articles", datetime(2025, 6, 1, 12, tzinfo=UTC))
EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


def fill_with_forty(url: str) -> None:
    with closing(open_store(url)) as store:
        for one, events in forty():
            told = (one, *events, receipt(one, events, EXTRACTOR))
            store.write([Change(record, moment(0)) for record in told], "test", {})
        store.refresh_claims()


@pytest.fixture
def filled(url: str) -> str:
    """The forty articles and their claims, in each kind of database."""
    fill_with_forty(url)
    return url


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same, in SQLite, for tests that only read."""
    url = f"sqlite:///{tmp_path_factory.mktemp('digest')}/test.db"
    fill_with_forty(url)
    return url


def written(url: str, folder: Path, *options: str) -> tuple[Page, str]:
    """The page, and what the command says."""
    out = folder / "digest.html"
    result = CliRunner().invoke(app, ["--database", url, "-o", str(out), *options], catch_exceptions=False)
    assert result.exit_code == 0
    return Page(out.read_text(encoding="utf-8")), result.output


def shown_articles(page: Page) -> int:
    return sum(bool(re.fullmatch(r"article-\d+", name)) for name in page.ids)


def shown_claims(page: Page) -> set[str]:
    return {name.removeprefix("claim-") for name in page.ids if name.startswith("claim-")}


def page_of(events: list[Event], articles: list[Article], claims: list[Claim] | None = None) -> Page:
    page = Page(render_digest(events, articles, claims or [], SCOPE, "Digest"))
    page.check()
    return page


def test_the_period_is_that_of_publication_whatever_time_is_told(filled: str, tmp_path: Path) -> None:
    page, said = written(filled, tmp_path, "--since", "2025-05-01")
    page.check()
    wanted = {one.id: events for one, events in forty() if one.published_at >= date(2025, 5, 1) and events}  # type: ignore[operator]  # all have days
    assert 0 < len(wanted) < 40
    assert shown_articles(page) == len(wanted)
    assert f"{sum(map(len, wanted.values()))} records of {len(wanted)} articles" in said
    with closing(open_store(filled, create=False)) as store:
        ids = {event.event_id for events in wanted.values() for event in events}
        claims = [one for one in store.claims() if ids & {told.event_id for told in one.reports}]
    assert shown_claims(page) == {str(one.claim_id) for one in claims}


def test_the_store_gives_texts_and_the_claims_of_records(url: str) -> None:
    dated = article(2, published=date(2024, 1, 31))
    fill(url, [article(1), dated, article(3)])
    fill_with_forty(url)
    with closing(open_store(url)) as store:
        assert list(store.articles({"artikel-1", "artikel-2", "artikel-99"})) == [article(1), dated]
        assert list(store.articles([])) == []
        cited = findings(article(9))[:1]
        store.write([Change(record, moment(0)) for record in (*cited, receipt(article(9), cited))], "test", {})
        assert list(store.articles(["artikel-9"])) == []
        for claim in store.claims():
            ids = [str(told.event_id) for told in claim.reports]
            assert list(store.claims(ClaimFilter(events=ids))) == [claim]
        assert list(store.claims(ClaimFilter(events=[]))) == []
        in_march = EventFilter(since=date(2024, 3, 31), until=date(2024, 3, 31))
        assert {event.type for event in store.events(in_march)} == {"deployment"}
        published = EventFilter(since=date(2024, 1, 31), until=date(2024, 2, 1), by_publication=True)
        assert list(store.events(published)) == findings(dated)


def test_who_says_what_and_the_numbers_stand_side_by_side(database: str, tmp_path: Path) -> None:
    page, _ = written(database, tmp_path, "--actor", "TUR", "--until", "2025-04-01")
    page.check()
    text = " ".join(page.words.split())
    assert "Türkei (TUR) → Libyen (LBY) deployment, deploy: Soldaten" in text
    assert "6 articles, 3 independent sources; they disagree on status and quantity" in text
    assert "denied Orhan Demirtas (TUR); Türkei (TUR) (deny)" in text
    assert "libysche Einheitsregierung (LBY) at least 600" in text
    assert "ägyptischer Geheimdienst (EGY) about 2,000" in text
    # Beside the headings there are links to them at the top.
    assert text.rindex("Claims with disagreement") < text.index("Türkei (TUR) → Libyen") < text.rindex("Other claims")


def test_bars_of_numbers_lie_on_the_scale_of_their_unit() -> None:
    def number(low: float | None, high: float | None, unit: str | None = None) -> Number:
        values = {"min": low, "max": high, "approximate": False, "unit": unit, "articles": 1}
        return Number(said_by=None, status="actual", text="viele", **values)

    given = [number(600, None), number(2000, 2000), number(None, 500), number(None, None), number(3, 6, "Tonnen")]
    shown = figures(given)
    assert [one.words for one in shown] == ["at least 600", "2,000", "at most 500", "viele", "3 to 6 Tonnen"]
    assert [one.bar for one in shown] == [
        Bar(0.3 * SCALE, 0.7 * SCALE, open=True),
        Bar(SCALE, 0, open=False),
        Bar(0, 0.25 * SCALE, open=False),
        None,
        Bar(0.5 * SCALE, 0.5 * SCALE, open=False),
    ]


@pytest.mark.parametrize(
    "filters", [["--type", "supply"], ["--country", "LBY"], ["--status", "denied"], ["--search", "Soldaten"]]
)
def test_filters_are_those_of_events(database: str, tmp_path: Path, filters: list[str]) -> None:
    page, said = written(database, tmp_path, *filters)
    page.check()
    name, value = filters[0].removeprefix("--"), filters[1]
    given = {"type": "types", "status": "statuses"}.get(name, name)
    with closing(open_store(database, create=False)) as store:
        events = list(store.events(EventFilter(**{given: [value] if given != name else value})))  # type: ignore[arg-type]  # either fits
    assert events
    assert f"{len(events)} records" in said
    assert sum(bool(re.fullmatch(r"record-\d+-\d+", one)) for one in page.ids) == len(events)


def test_what_comes_from_an_article_is_shown_as_text() -> None:
    one = article().model_copy(update={"title": EVIL, "source": EVIL, "url": "javascript:alert(3)"})
    text = f"{EVIL} {one.text}"
    shift = len(EVIL) + 1
    statement, sent, supply = findings(article())
    moved = [shifted(event, shift, ArticleReference.of(one)) for event in (statement, sent, supply)]
    assert isinstance(moved[1], DeploymentEvent)
    assert moved[1].origin
    named = moved[1].model_copy(
        update={
            "actor": (moved[1].actor[0].model_copy(update={"name": EVIL, "code": None}),),
            "origin": moved[1].origin.model_copy(update={"name": EVIL}),
        }
    )
    page = page_of([moved[0], named, moved[2]], [one.model_copy(update={"text": text})])
    assert page.words.count(EVIL) >= 4
    assert "javascript:alert(3)" in page.words


def shifted(event: Event, by: int, cited: ArticleReference) -> Event:
    """The same record in a text that begins with so many more code points."""

    def moved(value: object) -> object:
        if isinstance(value, dict):
            return {key: value[key] + by if key in {"start", "end"} else moved(value[key]) for key in value}
        return [moved(one) for one in value] if isinstance(value, list | tuple) else value

    return type(event).model_validate({**moved(event.model_dump()), "article": cited})  # type: ignore[dict-item]  # a dict


def test_an_article_without_text_is_shown_by_its_sentences() -> None:
    page = page_of(findings(article()), [])
    assert "The text is not there" in page.words
    assert findings(article())[0].evidence.text in page.words
    assert "record-1-3" in page.ids


def test_an_empty_period_says_so(database: str, tmp_path: Path) -> None:
    page, said = written(database, tmp_path, "--since", "24h")
    page.check()
    assert "No records in this period." in page.words
    assert "0 records of 0 articles" in said


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/test.db"
    fill(url)
    page, said = written(url, tmp_path, "--limit", "4")
    for words in ("the latest 4 records; --limit 0 shows all", "2 changes of articles are not in the claims yet"):
        assert words in page.words
        assert words in said
    assert "latest" not in written(url, tmp_path, "--limit", "0")[0].words


def test_the_timeline_goes_by_the_day_that_is_told() -> None:
    undated = article(3).model_copy(update={"published_at": None})
    events = [event for one in (undated, article(1), article(2, published=date(2024, 1, 1))) for event in findings(one)]
    days = timeline(entry(event, "#x") for event in events)
    told = [(one.day, [shown.event.type for shown in one.entries]) for one in days]
    assert told == [
        (date(2024, 1, 1), ["statement", "supply"]),
        (date(2024, 3, 1), ["deployment"] * 3),
        (date(2024, 3, 19), ["statement", "supply"]),
        (None, ["statement", "supply"]),
    ]
    assert {shown.when for one in days for shown in one.entries} == {"", "2024-03-01 to 2024-03-31"}


def deployment(origin: Place | None, destination: Place | None) -> DeploymentEvent:
    found = findings(article())[1]
    assert isinstance(found, DeploymentEvent)
    return found.model_copy(update={"origin": origin, "destination": destination})


def somewhere(name: str, latitude: float | None = None, longitude: float | None = None) -> Place:
    return Place(text="dort", start=0, end=4, name=name, latitude=latitude, longitude=longitude)


def test_places_are_those_of_the_destination_or_else_of_the_origin() -> None:
    riga, odessa = somewhere("Riga", 56.95, 24.1), somewhere("Odessa", 46.47, 30.73)
    also_riga, nowhere = somewhere("Hafen von Riga", 56.95, 24.1), somewhere("Front")
    pairs = [(odessa, riga), (odessa, riga), (None, also_riga), (odessa, nowhere), (None, nowhere), (None, None)]
    found = spots(entry(deployment(*pair), "#x") for pair in pairs)
    assert [(one.number, one.name, len(one.entries)) for one in found] == [
        (1, "Riga", 3),
        (2, "Odessa", 1),
        (0, "Front", 1),
    ]
    drawn = draw(found)
    assert drawn
    assert [marker.number for marker in drawn.markers] == [1, 2]
    assert drawn.routes.count("M") == 1
    assert drawn.land
    assert draw([one for one in found if not one.point]) is None


@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=12))
def test_every_place_lies_in_the_picture(points: list[tuple[float, float]]) -> None:
    events = [deployment(None, somewhere(f"Ort {number}", *point)) for number, point in enumerate(points)]
    drawn = draw(spots(entry(event, "#x") for event in events))
    assert drawn
    assert len(drawn.markers) == len({(round(x, 2), round(y, 2)) for x, y in points})
    assert all(-1 <= one.x <= WIDTH + 1 and -1 <= one.y <= drawn.height + 1 for one in drawn.markers)


def test_the_map_is_told_in_a_table_too(database: str, tmp_path: Path) -> None:
    page, _ = written(database, tmp_path)
    assert {"caption", "main", "nav", "h1", "h2", "h3"} <= set(page.tags)
    assert "Of no place are coordinates known." in page.words
    with closing(open_store(database, create=False)) as store:
        deployments = list(store.events(EventFilter(types=["deployment"])))
    for event in deployments:
        place = event.destination or event.origin  # type: ignore[union-attr]  # deployments alone
        assert place is None or place.name in page.words


def test_the_seeds_give_a_page_whose_links_all_lead_somewhere() -> None:
    events = [event for _, found in seeds() for event in found]
    page = page_of(events, [one for one, _ in seeds()])
    assert {"svg", "title", "desc", "circle", "table"} <= set(page.tags)
    assert "The text has changed" not in page.words
    assert sum(name.startswith("mark-") for name in page.ids) == len(events)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to report on: give files, or --since 24h"),
        (["seeds", "--since", "24h"], "a report on files has no filters"),
        (["--since", "24h", "--model", "rules"], "go with files"),
        (["--since", "gestern"], "'gestern' is no day"),
        (["--type", "rumour"], "'rumour' does not exist"),
        (["--since", "24h", "--database", "sqlite:///nowhere.db"], "holds no records"),
    ],
)
def test_what_cannot_be_done_is_explained(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in refusal(app, arguments)


def test_a_page_that_cannot_be_written_is_explained(database: str) -> None:
    assert "cannot be written" in refusal(app, ["--database", database, "-o", "no/such/folder/x.html"])


def test_a_party_named_by_its_code_is_named_once() -> None:
    nato = Party(text="NATO", start=0, end=4, name="NATO", code="NATO")
    assert entry(deployment(None, None).model_copy(update={"actor": (nato,)}), "#x").short.who == "NATO"
