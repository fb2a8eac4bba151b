"""The whole pipeline: the article of the seeds, any text at all, and the same result every time."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from schemas import Article, DeploymentEvent, Event, StatementEvent, SupplyEvent, extraction_id, read_event
from services.cli.main import app
from services.common.errors import UserError
from services.extraction import load_extractor

SEED = Path("seeds/000_6d95a38e362bd81d.txt")
NEWS = "Lettland teilte mit, dass 300 kanadische Soldaten in Riga eingetroffen seien. Polen liefert der Ukraine Panzer."


def extracted(text: str) -> list[Event]:
    return load_extractor().extract_with_doc(Article(id="a1", text=text))[1]


@pytest.fixture(scope="module")
def seed_events() -> list[Event]:
    return extracted(SEED.read_text(encoding="utf-8"))


def test_the_seed_article_tells_who_deploys_to_russia_and_who_says_so(seed_events: list[Event]) -> None:
    deployments = [event for event in seed_events if isinstance(event, DeploymentEvent)]
    to_russia = [
        event
        for event in deployments
        if event.destination and event.destination.country == "RUS" and [p.code for p in event.actor] == ["PRK"]
    ]
    sources = {party.code for event in to_russia for party in event.attribution}
    assert {"NATO", "KOR", "USA"} <= sources
    assert {(event.quantity.min, event.quantity.max) for event in to_russia if event.quantity} >= {
        (1500, None),
        (10000, 10000),
    }


def test_the_seed_article_tells_supplies_and_statements(seed_events: list[Event]) -> None:
    supplies = [event for event in seed_events if isinstance(event, SupplyEvent)]
    assert any(
        [p.code for p in event.supplier] == ["PRK"] and [p.code for p in event.recipient] == ["RUS"]
        for event in supplies
    )
    statements = [event for event in seed_events if isinstance(event, StatementEvent)]
    assert {"NATO", "RUS", "KOR", "USA", "UKR", "EU"} <= {party.code for event in statements for party in event.speaker}
    assert {"accuse", "confirm", "say"} <= {event.kind for event in statements}
    assert any(event.quoted for event in statements)
    assert any(event.tells for event in statements)
    assert any(event.status != "actual" for event in seed_events)


def test_every_record_belongs_to_the_article_and_the_extraction(seed_events: list[Event]) -> None:
    text = SEED.read_text(encoding="utf-8")
    article, version = Article(id="a1", text=text), load_extractor().version
    assert {event.extraction_id for event in seed_events} == {extraction_id(article, version)}
    assert len({event.event_id for event in seed_events}) == len(seed_events)
    assert [event.anchor.start for event in seed_events] == sorted(event.anchor.start for event in seed_events)
    for event in seed_events:
        type(event).model_validate_json(event.model_dump_json(), context={"text": text})


def test_one_article_at_a_time_or_many_gives_the_same() -> None:
    articles = [Article(id=f"a{number}", text=text) for number, text in enumerate([NEWS, "Nichts geschah.", NEWS])]
    many = list(load_extractor().extract(articles))
    assert many == [load_extractor().extract_with_doc(article)[1] for article in articles]
    assert [len(events) > 0 for events in many] == [True, False, True]


def test_another_pipeline_that_is_none_is_refused_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"config\.cfg"):
        load_extractor(str(tmp_path))


PIECES = [
    "„",
    "“",
    ":",
    "!",
    "–",
    "\n",
    "laut",
    "zufolge",
    "so",
    "er",
    "nicht",
    "wird",
    "warf",
    "vor",
    "Nach",
    "Angaben",
    "z.",
]
WORDS = st.sampled_from([*NEWS.split(), *PIECES])
ODD = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    st.lists(WORDS, max_size=40).map(" ".join),
).filter(str.strip)


@settings(deadline=None, max_examples=60)
@given(ODD)
def test_no_text_is_too_odd_and_offsets_always_hold(text: str) -> None:
    once, again = extracted(text), extracted(text)
    assert once == again
    for event in once:
        type(event).model_validate_json(event.model_dump_json(), context={"text": text})


def test_a_very_long_article_is_read_to_its_end() -> None:
    events = extracted("Der Tag war ruhig.\n" * 3000 + NEWS)
    assert any(isinstance(event, SupplyEvent) for event in events)


def test_the_command_prints_one_record_a_line(tmp_path: Path) -> None:
    file = tmp_path / "news.jsonl"
    file.write_text(json.dumps({"id": "n1", "text": NEWS, "events": []}) + "\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["extract", str(file)])
    assert result.exit_code == 0
    assert [read_event(line.encode()) for line in result.stdout.splitlines()] == load_extractor().extract_with_doc(
        Article(id="n1", text=NEWS)
    )[1]


def test_the_command_names_bad_input_and_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "news.jsonl"
    file.write_text('{"id": "n1"}\n' + json.dumps({"id": "n2", "text": NEWS}) + "\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["extract", "--format", "table", str(file)])
    assert result.exit_code == 1
    assert f"{file}:1" in result.stderr
    assert "CAN" in result.stdout
