"""Findings become records, whoever found them: values, attribution, what a statement tells, ids, codes."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import Article, DeploymentEvent, Event, StatementEvent, SupplyEvent
from services.extraction.findings import SLOTS, Finding, Offsets
from services.extraction.goods import category_of
from services.extraction.language.sentences import split_sentences
from services.extraction.linking import load_linker
from services.extraction.records import Recorder

EXTRACTION = UUID("00000000-0000-5000-8000-000000000000")


def recorder(text: str, published: date | None = None) -> Recorder:
    article = Article(id="a1", text=text, title="Meldung", published_at=published)
    sentences = split_sentences(text)
    context = load_linker().article(text, article.title, sentences)
    return Recorder(article, context, sentences, extractor="test", extraction=EXTRACTION)


def records(text: str, findings: list[Finding], published: date | None = None) -> list[Event]:
    return recorder(text, published).records(findings)


def at(text: str, words: str) -> Offsets:
    start = text.index(words)
    return start, start + len(words)


def finding(
    text: str, kind: str, anchor: str, /, *, labels: dict[str, str | bool] | None = None, **slots: str
) -> Finding:
    place = at(text, anchor)
    evidence = next(span for span in split_sentences(text) if span[0] <= place[0] < span[1])
    filled = {name: (at(text, words),) for name, words in slots.items()}
    return Finding(kind, place, evidence, filled, {"status": "actual", "reported": False} | (labels or {}))  # type: ignore[arg-type]  # the tests' kinds are literals


TOLD = (
    "Das polnische Verteidigungsministerium teilte am Montag mit, dass Litauen mindestens 1.500 Soldaten "
    "aus Estland nach Lettland verlegt habe."
)


def told() -> list[Finding]:
    statement = finding(
        TOLD,
        "statement",
        "teilte am Montag mit",
        labels={"kind": "say"},
        speaker="polnische Verteidigungsministerium",
        content=", dass Litauen mindestens 1.500 Soldaten aus Estland nach Lettland verlegt habe.",
        time="am Montag",
    )
    deployment = finding(
        TOLD,
        "deployment",
        "verlegt",
        labels={"movement": "deploy"},
        actor="Litauen",
        force="Soldaten",
        quantity="1.500",
        origin="Estland",
        destination="Lettland",
    )
    return [deployment, statement]


def test_a_deployment_has_linked_parties_places_and_the_whole_amount() -> None:
    _, deployment = records(TOLD, told())
    assert isinstance(deployment, DeploymentEvent)
    assert [(party.name, party.code, party.kind) for party in deployment.actor] == [("Litauen", "LTU", "state")]
    assert deployment.quantity is not None
    assert (deployment.quantity.text, deployment.quantity.min, deployment.quantity.max) == (
        "mindestens 1.500",
        1500,
        None,
    )
    assert deployment.origin is not None
    assert deployment.destination is not None
    assert (deployment.origin.country, deployment.destination.country) == ("EST", "LVA")
    assert deployment.plover_code == "154"


def test_who_tells_it_is_the_speaker_of_the_statement_around_it() -> None:
    statement, deployment = records(TOLD, told())
    assert isinstance(statement, StatementEvent)
    assert [party.code for party in deployment.attribution] == ["POL"]
    assert deployment.reported
    assert statement.tells == (deployment.event_id,)
    assert statement.attribution == ()
    assert not statement.reported
    assert statement.content.text.startswith("Litauen mindestens")
    assert statement.content.text.endswith("verlegt habe")


@pytest.mark.parametrize(("published", "earliest"), [(date(2024, 10, 30), date(2024, 10, 28)), (None, None)])
def test_dates_are_read_against_the_day_of_publication_alone(published: date | None, earliest: date | None) -> None:
    statement = records(TOLD, told(), published)[0]
    assert statement.time is not None
    assert (statement.time.text, statement.time.earliest) == ("am Montag", earliest)


def test_of_nested_statements_the_innermost_is_the_source() -> None:
    text = "Minister Holm sagte, Norwegen habe behauptet, Schweden ziehe seine Panzer ab."
    outer = finding(
        text,
        "statement",
        "sagte",
        speaker="Minister Holm",
        content="Norwegen habe behauptet, Schweden ziehe seine Panzer ab",
    )
    inner = finding(text, "statement", "behauptet", speaker="Norwegen", content="Schweden ziehe seine Panzer ab")
    deployment = finding(text, "deployment", "ziehe", actor="Schweden", force="Panzer", labels={"movement": "withdraw"})
    first, second, third = records(text, [deployment, inner, outer])
    assert [party.name for party in second.attribution] == [party.name for party in first.speaker]  # type: ignore[union-attr]  # a statement, by its place
    assert [party.code for party in third.attribution] == ["NOR"]
    assert isinstance(first, StatementEvent)
    assert set(first.tells) == {second.event_id, third.event_id}


def test_what_the_article_vouches_for_has_no_source() -> None:
    text = "Polen, dessen Panzer seit Mai in Litauen stehen, sei bereit, sagte Minister Holm."
    statement = finding(
        text,
        "statement",
        "sagte",
        speaker="Minister Holm",
        content="Polen, dessen Panzer seit Mai in Litauen stehen, sei bereit",
    )
    deployment = finding(text, "deployment", "stehen", force="Panzer", destination="Litauen")
    first, second = records(text, [deployment, statement])
    assert first.attribution == second.speaker  # type: ignore[union-attr]  # a statement, by its place
    first, second = records(text, [replace(deployment, firsthand=True), statement])
    assert (first.attribution, first.reported) == ((), False)
    assert isinstance(second, StatementEvent)
    assert second.tells == ()


def test_an_offer_that_is_refused_is_not_told_by_the_refusal() -> None:
    text = "Das Angebot Indiens, Ärzte zu schicken, lehnte Nepal ab."
    offer = finding(
        text, "statement", "Angebot", labels={"kind": "announce"}, speaker="Indiens", content="Ärzte zu schicken"
    )
    refusal = finding(
        text,
        "statement",
        "lehnte",
        labels={"kind": "refuse"},
        speaker="Nepal",
        content="Das Angebot Indiens, Ärzte zu schicken",
    )
    first, second = records(text, [offer, refusal])
    assert first.attribution == ()
    assert second.attribution == ()


def test_a_promise_is_the_source_of_what_it_promises() -> None:
    text = "Kanada sagte der Ukraine 40 Millionen Dollar zu."
    statement = finding(
        text, "statement", "sagte", labels={"kind": "announce"}, speaker="Kanada", content="40 Millionen Dollar"
    )
    supply = finding(
        text,
        "supply",
        "sagte",
        labels={"status": "planned", "reported": True},
        supplier="Kanada",
        recipient="Ukraine",
        quantity="40 Millionen",
    )
    _, made = records(text, [supply, statement])
    assert isinstance(made, SupplyEvent)
    assert [party.code for party in made.attribution] == ["CAN"]
    assert made.category == "money"
    assert made.plover_code == "0331"


def test_a_source_that_no_statement_explains_is_taken_from_the_detector() -> None:
    text = "Das chilenische Verteidigungsministerium zählte 20 peruanische Schiffe vor Arica."
    (event,) = records(
        text,
        [finding(text, "deployment", "zählte", force="Schiffe", attribution="chilenische Verteidigungsministerium")],
    )
    assert [party.code for party in event.attribution] == ["CHL"]
    assert event.reported


def test_joined_parties_are_told_apart() -> None:
    text = "Frankreich und Griechenland entsenden je ein Schiff."
    (event,) = records(text, [finding(text, "deployment", "entsenden", actor="Frankreich und Griechenland")])
    assert isinstance(event, DeploymentEvent)
    assert [(party.text, party.code) for party in event.actor] == [("Frankreich", "FRA"), ("Griechenland", "GRC")]


RUNNING = (
    "Der Sprecher sagte, die Lage sei ernst. Man habe alle Einheiten gewarnt. „Wir bleiben hier. Niemand "
    "geht.“ Die Sonne schien."
)


def test_a_statement_runs_on_over_reported_speech_and_quotations() -> None:
    (event,) = records(
        RUNNING, [finding(RUNNING, "statement", "sagte", speaker="Der Sprecher", content="die Lage sei ernst")]
    )
    assert isinstance(event, StatementEvent)
    assert event.content.text == RUNNING[RUNNING.index("die Lage") : RUNNING.index("“ Die Sonne")].rstrip(".")
    assert event.quoted
    assert event.evidence.end >= event.content.end


def test_a_statement_stops_at_the_next_cue() -> None:
    both = [
        finding(RUNNING, "statement", "sagte", speaker="Der Sprecher", content="die Lage sei ernst"),
        finding(RUNNING, "statement", "gewarnt", speaker="Man", content="alle Einheiten"),
    ]
    assert records(RUNNING, both)[0].content.text == "die Lage sei ernst"  # type: ignore[union-attr]  # a statement


def test_ids_are_the_same_every_time_and_differ_on_one_anchor() -> None:
    text = "Spanien liefert Zypern 5 Boote und Malta 3 Boote."
    findings = [
        finding(text, "supply", "liefert", supplier="Spanien", recipient="Zypern", goods="Boote"),
        finding(text, "supply", "liefert", supplier="Spanien", recipient="Malta", goods="Boote"),
    ]
    first, again = records(text, findings), records(text, [*reversed(findings), findings[0]])
    assert first == again
    assert len({event.event_id for event in first}) == 2


def test_a_statement_without_content_makes_no_record() -> None:
    assert records(TOLD, [finding(TOLD, "statement", "teilte", speaker="polnische Verteidigungsministerium")]) == []


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        ("planned", "announce", "0356"),
        ("possible", "demand", "1056"),
        ("possible", "assess", "014"),
        ("denied", "refuse", "1246"),
    ],
)
def test_codes_join_type_status_and_the_demand_around_it(status: str, kind: str, expected: str) -> None:
    text = "Ungarn will, dass Serbien seine Panzer abzieht."
    statement = finding(
        text, "statement", "will", labels={"kind": kind}, speaker="Ungarn", content="Serbien seine Panzer abzieht"
    )
    event = finding(text, "deployment", "abzieht", labels={"status": status, "movement": "withdraw"}, actor="Serbien")
    assert records(text, [statement, event])[1].plover_code == expected


@pytest.mark.parametrize(
    ("goods", "category"),
    [
        ("Artilleriegranaten", "ammunition"),
        ("gebrauchte Kampfpanzer vom Typ Leopard", "vehicles"),
        ("Panzerhaubitzen", "weapons"),
        ("schwere Patrouillenboote und Munition", "ships"),
        ("F-16", "aircraft"),
        ("Mehl und Decken", "humanitarian"),
        ("humanitäre Hilfe", "humanitarian"),
        ("Soldaten", None),
    ],
)
def test_the_words_for_goods_give_their_category(goods: str, category: str | None) -> None:
    assert category_of(goods) == category


SPANS = st.tuples(st.integers(-2, 140), st.integers(-2, 140))
FINDINGS = st.lists(
    st.sampled_from(sorted(SLOTS)).flatmap(
        lambda kind: st.builds(
            Finding,
            st.just(kind),
            SPANS,
            SPANS,
            st.fixed_dictionaries({}, optional={slot: st.lists(SPANS, max_size=2).map(tuple) for slot in SLOTS[kind]}),
            st.fixed_dictionaries({"status": st.sampled_from(["actual", "denied"]), "reported": st.booleans()}),
            st.floats(-1, 2, allow_nan=False),
        )
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def told_recorder() -> Recorder:
    return recorder(TOLD)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(findings=FINDINGS)
def test_any_findings_make_records_whose_spans_hold_their_words(
    told_recorder: Recorder, findings: list[Finding]
) -> None:
    for event in told_recorder.records(findings):
        for span in (event.anchor, event.evidence, event.time, *event.attribution):
            assert span is None or TOLD[span.start : span.end] == span.text
        assert type(event).model_validate_json(event.model_dump_json(), context={"text": TOLD}) == event
