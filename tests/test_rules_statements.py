"""The rule detector hears statements: verbs, sources, nouns; who speaks, and what is said."""

import pytest

from schemas import Article, StatementEvent
from services.extraction import load_extractor
from services.extraction.rules.inflection import parse_verb


def statements(text: str) -> list[StatementEvent]:
    _, events = load_extractor("rules").extract_with_doc(Article(id="a1", text=text))
    return [event for event in events if isinstance(event, StatementEvent)]


@pytest.mark.parametrize(
    ("text", "speaker", "kind", "content"),
    [
        (
            "Norwegen teilte mit, dass drei Schiffe ausgelaufen seien.",
            "Norwegen",
            "say",
            "drei Schiffe ausgelaufen seien",
        ),
        (
            "Am Freitag erklärte die dänische Regierung, sie werde Flugzeuge liefern.",
            "dänische Regierung",
            "say",
            "sie werde Flugzeuge liefern",
        ),
        ("„Wir ziehen uns zurück“, sagte Minister Holm.", "Minister Holm", "say", "Wir ziehen uns zurück"),
        (
            "Die Regierung in Lima wirft Chile vor, Waffen zu schmuggeln.",
            "Regierung in Lima",
            "accuse",
            "Waffen zu schmuggeln",
        ),
        ("Schweden fordert den Abzug der Truppen.", "Schweden", "demand", "den Abzug der Truppen"),
        ("Nach Angaben der Polizei kamen 40 Soldaten.", "Polizei", "say", "kamen 40 Soldaten"),
        ("Finnischen Medien zufolge ist das Schiff gesunken.", "Finnischen Medien", "say", "ist das Schiff gesunken"),
        (
            "Die Warnung Norwegens, dass Minen treiben, kam spät.",
            "Norwegen",
            "warn",
            "Minen treiben",
        ),
        ("Die Brücke sei zerstört, so der Gouverneur.", "Gouverneur", "say", "Die Brücke sei zerstört"),
    ],
)
def test_cue_speaker_and_content(text: str, speaker: str, kind: str, content: str) -> None:
    (event,) = statements(text)
    assert speaker in (event.speaker[0].name, event.speaker[0].text)
    assert (event.kind, event.content.text) == (kind, content)


@pytest.mark.parametrize(
    ("text", "status", "kind"),
    [
        ("Der Minister wollte nicht bestätigen, dass Panzer rollen.", "actual", "refuse"),
        ("Der Minister bestätigte nicht, dass Panzer rollen.", "denied", "confirm"),
        ("Der Minister dementierte, dass Panzer rollen.", "actual", "deny"),
    ],
)
def test_refusing_to_say_is_no_denial(text: str, status: str, kind: str) -> None:
    (event,) = statements(text)
    assert (event.status, event.kind) == (status, kind)


@pytest.mark.parametrize(
    "text",
    ["Es hieß, die Lage sei ruhig.", "Der Schnee fiel die ganze Nacht.", "Die Lage ist ernst, wie es weiter hieß."],
)
def test_without_a_speaker_there_is_no_statement(text: str) -> None:
    assert statements(text) == []


@pytest.mark.parametrize(
    ("entry", "forms"),
    [
        ("sagen", {"sagte", "sagten", "gesagt", "sage"}),
        ("an|kündigen", {"ankündigte", "angekündigt", "anzukündigen"}),
        ("berichten", {"berichtete", "berichtet"}),
        ("dementieren", {"dementiert", "dementierte"}),
        ("sprechen (spricht/sprach/gesprochen)", {"spricht", "sprach", "sprachen", "gesprochen"}),
    ],
)
def test_a_lexicon_entry_stands_for_all_forms(entry: str, forms: set[str]) -> None:
    assert forms <= parse_verb(entry).joined


@pytest.mark.parametrize("entry", ["Haus", "gehen (geht)", ""])
def test_a_malformed_lexicon_entry_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match=r"''|Haus|gehen"):
        parse_verb(entry)
