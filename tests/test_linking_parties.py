"""Parties: from a mention in invented German sentences to name, code and kind."""

import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import UserError
from services.extraction.linking import LinkedParty, load_linker, split_parties
from services.extraction.linking.measure import sentences
from services.extraction.linking.tables import DATA, load_tables


def link(text: str, mention: str, *, nth: int = 0, title: str | None = None) -> LinkedParty:
    """Link the nth occurrence of a mention."""
    start = -1
    for _ in range(nth + 1):
        start = text.index(mention, start + 1)
    return load_linker().article(text, title, sentences(text)).party(start, start + len(mention))


@pytest.mark.parametrize(
    ("text", "mention", "name", "code"),
    [
        ("Russlands Truppen rücken vor.", "Russlands", "Russland", "RUS"),
        ("Rußland schickt Panzer.", "Rußland", "Russland", "RUS"),
        ("Aegypten vermittelt.", "Aegypten", "Ägypten", "EGY"),
        ("Es sind nordkoreanische Soldaten.", "nordkoreanische", "Nordkorea", "PRK"),
        ("Aus südafghanischen Dörfern kam Lob.", "südafghanischen", "Afghanistan", "AFG"),
        ("Pjöngjang liefert Granaten.", "Pjöngjang", "Nordkorea", "PRK"),
        ("Der Kreml schweigt dazu.", "Kreml", "Russland", "RUS"),
        ("Das Pentagon bestätigte es.", "Pentagon", "US-Verteidigungsministerium", "USA"),
        ("Wie das Weiße Haus mitteilte, bleibt es dabei.", "Weiße Haus", "Weißes Haus", "USA"),
        ("Die Sprecherin des Weißen Hauses nannte Zahlen.", "Weißen Hauses", "Weißes Haus", "USA"),
        ("Die Griechen rüsten auf.", "Griechen", "Griechenland", "GRC"),
        ("Die Nato berät.", "Nato", "NATO", "NATO"),
        ("Die Vereinten Nationen warnen.", "Vereinten Nationen", "Vereinte Nationen", "UN"),
        ("Kämpfer des Islamischen Staates flohen.", "Islamischen Staates", "Islamischer Staat", "IS"),
        ("Die Sowjetunion hatte Raketen geliefert.", "Sowjetunion", "Sowjetunion", "SUN"),
    ],
)
def test_names_demonyms_capitals_and_seats_of_power(text: str, mention: str, name: str, code: str) -> None:
    party = link(text, mention)
    assert (party.name, party.code) == (name, code)


@pytest.mark.parametrize(
    ("mention", "code", "kind"),
    [
        ("US-Verteidigungsministerium", "USA", "state"),
        ("Kremlsprecherin", "RUS", "person"),
        ("Talibankämpfer", "TALIBAN", "armed_group"),
        ("EU-Außenbeauftragten", "EU", "person"),
        ("Bundeswehrsoldaten", "DEU", "state"),
        ("Außenministerium in Warschau", "POL", "state"),
        ("deutsche EU-Beamte", "EU", "person"),
        ("syrische Botschafter in Moskau", "SYR", "person"),
        ("afghanischen Nordallianz", "NORDALLIANZ", "armed_group"),
        ("Botschafter der Ukraine in Ankara", "UKR", "person"),
    ],
)
def test_phrases_belong_to_the_party_that_their_words_name(mention: str, code: str, kind: str) -> None:
    party = link(f"Nach langem Streit hat {mention} am Dienstag eingelenkt.", mention)
    assert (party.code, party.kind) == (code, kind)


def test_is_is_a_verb_unless_it_is_written_as_the_group() -> None:
    text = "Die Lage is schlecht, doch der IS greift an."
    assert link(text, "IS").code == "IS"
    assert link(text, "is").code is None


@pytest.mark.parametrize(
    "mention",
    ["russische Experten", "Augenzeugen", "Zeitung „Der Morgenbote“", "iranischen Staatsmedien", "BBC",
     "westliche Geheimdienste", "US-geführten Koalition", "zwölf Staaten"],
)  # fmt: skip
def test_media_and_unnamed_people_have_no_code(mention: str) -> None:
    text = f"Die Türkei zieht ab. Wie {mention} sagen, sind es hundert Mann."
    assert link(text, mention).code is None


def test_title_gives_a_person_the_state() -> None:
    text = "Der lettische Verteidigungsminister Andris Zalups reist ab. „Wir liefern“, sagte Zalups am Montag."
    assert link(text, "Zalups", nth=1) == LinkedParty("Andris Zalups", "LVA", "person", "person, title: Lettland")


def test_apposition_and_party_in_brackets_give_a_person_the_state() -> None:
    text = "Marta Brzozowska, die Sprecherin des polnischen Grenzschutzes, wies das zurück. Jürgen Hallmann (SPD) auch."
    assert link(text, "Marta Brzozowska").code == "POL"
    assert link(text, "Jürgen Hallmann").code == "DEU"


def test_title_without_state_takes_the_state_of_the_article() -> None:
    text = "Finnland schließt die Grenze. Das gab Innenminister Pekka Salonoja bekannt. Salonoja nannte keine Frist."
    assert link(text, "Salonoja", nth=1).code == "FIN"


def test_the_text_outranks_the_table_of_persons() -> None:
    text = "Der kanadische Unterhändler Robert Putin traf am Montag ein. Putin schwieg."
    assert link(text, "Putin", nth=1).code == "CAN"
    assert link("In Genf sprach Putin.", "Putin").name == "Wladimir Putin"


def test_experts_keep_no_code_although_a_nationality_stands_before_them() -> None:
    text = "Die Moskauer Politologin Irina Sorokowa widerspricht. Sorokowa sieht keinen Vorteil."
    assert link(text, "Sorokowa", nth=1) == LinkedParty(
        "Irina Sorokowa", None, "person", "person, expert or private person: no code"
    )


def test_pronouns_take_up_the_speaking_person() -> None:
    text = (
        "NATO-Chef Mark Rutte besuchte am Montag Kiew. Er sagte weitere Hilfe zu. "
        "Die estnische Ministerin Kadri Tamm lobte das. Sie sagte, es eile."
    )
    assert link(text, "Er ").name == "Mark Rutte"
    assert link(text, "Er ").code == "NATO"
    assert link(text, "Sie ").code == "EST"


def test_plural_pronoun_needs_a_plural_party() -> None:
    text = "Norwegische Soldaten sind eingetroffen. Die Regierung in Oslo schwieg. Sie sollen bis Mai bleiben."
    assert link(text, "Sie ").code == "NOR"


def test_possessives_and_bare_roles_take_up_what_was_named() -> None:
    text = (
        "Der armenische Präsident Tigran Sahakjan reiste nach Paris. Sein Ministerium schwieg. "
        "Der Präsident sprach von Hilfe für das Land."
    )
    assert link(text, "Sein Ministerium").code == "ARM"
    assert link(text, "Präsident", nth=1).name == "Tigran Sahakjan"
    assert link(text, "Land").name == "Armenien"


def test_alliance_epithets_and_offices_of_organisations() -> None:
    text = "Das Bündnis berät. Die NATO verlegt Truppen nach Malta. Der Generalsekretär lobte den Inselstaat."
    assert link(text, "Bündnis").code == "NATO"
    assert link(text, "Generalsekretär").code == "NATO"
    assert link(text, "Inselstaat").name == "Malta"


def test_former_states_only_where_the_article_names_them() -> None:
    assert link("Belgrad zieht Truppen ab.", "Belgrad").code == "SRB"
    assert link("Jugoslawien zieht ab. Die jugoslawische Armee folgt. Belgrad bestätigte es.", "Belgrad").code == "YUG"


def test_an_entity_of_a_recogniser_makes_an_unknown_word_a_person() -> None:
    text = "Ein Treffen fand statt. Tscholponbek widersprach. Er sagte nichts weiter."
    start = text.index("Tscholponbek")
    entities = [(start, start + len("Tscholponbek"), "PER")]
    context = load_linker().article(text, None, sentences(text), entities)
    assert context.party(start, start + len("Tscholponbek")).kind == "person"
    pronoun = text.index("Er ")
    assert context.party(pronoun, pronoun + 2).name == "Tscholponbek"


def test_mentions_are_found_with_their_offsets() -> None:
    text = "Die Ukraine bat die NATO um Hilfe, doch das Weiße Haus zögerte."
    found = load_linker().article(text, None, sentences(text)).mentions()
    assert {(text[a:b], kind) for a, b, kind in found} >= {
        ("Ukraine", "party"), ("Ukraine", "place"), ("NATO", "party"), ("Weiße Haus", "party")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("span", "parts"),
    [
        ("Frankreich und Griechenland", ["Frankreich", "Griechenland"]),
        ("den USA, Kanada und Großbritannien", ["USA", "Kanada", "Großbritannien"]),
        ("der Ukraine sowie die Republik Moldau", ["Ukraine", "Republik Moldau"]),
        ("russische und chinesische", ["russische", "chinesische"]),
        ("afghanische und ausländische Soldaten", ["afghanische und ausländische Soldaten"]),
        ("Sicherheits- und Verteidigungsbeamte", ["Sicherheits- und Verteidigungsbeamte"]),
        ("Kim Jong Un und seine Regierung", ["Kim Jong Un und seine Regierung"]),
        ("Lawrow, der russische Außenminister", ["Lawrow, der russische Außenminister"]),
        ("Bosnien und Herzegowina und Serbien", ["Bosnien und Herzegowina", "Serbien"]),
        ("der Kreml", ["Kreml"]),
    ],
)
def test_split_parties(span: str, parts: list[str]) -> None:
    text = f"Gestern haben {span} zugesagt."
    start = text.index(span)
    assert [text[a:b] for a, b in split_parties(text, start, start + len(span))] == parts


GERMAN = st.lists(
    st.sampled_from(
        ["Der", "russische", "Präsident", "Putin", "sagte", ",", "er", "und", "seine", "Armee", "in", "Kiew",
         ".", "„", "“", "US-", "-", "ß", "Weißen", "Hauses", "NATO", "sie", "Land", "é", "😀", "3.000", "des"]
    ),
    max_size=25,
).map(" ".join)  # fmt: skip


@given(st.one_of(GERMAN, st.text(max_size=60)), st.integers(-3, 90), st.integers(-3, 90))
def test_any_text_and_span_is_linked_without_a_crash_and_alike_each_time(text: str, start: int, end: int) -> None:
    context = load_linker().article(text, None, sentences(text))
    party = context.party(start, end)
    assert party == context.party(start, end)
    assert party == load_linker().article(text, None, sentences(text)).party(start, end)
    for a, b, kind in context.mentions():
        assert 0 <= a < b <= len(text)
        assert kind in ("party", "place")


@given(GERMAN, st.integers(0, 60), st.integers(0, 60))
def test_split_parts_lie_in_order_inside_the_span(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    end = min(len(text), start + length)
    parts = split_parties(text, start, end)
    assert parts
    assert all(start <= a <= b <= end for a, b in parts)
    assert all(left[1] <= right[0] for left, right in pairwise(parts))


def broken(tmp_path: Path, file: str, old: str, new: str) -> Path:
    shutil.copytree(DATA, tmp_path / "data")
    table = tmp_path / "data" / file
    content = table.read_text(encoding="utf-8")
    assert old in content
    table.write_text(content.replace(old, new, 1), encoding="utf-8")
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("states.yaml", "POL: {name: Polen", "POX: {name: Polen", "states.yaml, entry POX: not a code of ISO 3166"),
        ("states.yaml", "capital: Warschau", "capitol: Warschau", "entry POL: unknown field `capitol`"),
        ("states.yaml", "centre: [52, 20]", "centre: [520, 20]", "entry POL: [520, 20] is no position"),
        ("organisations.yaml", "{code: OSCE, name: OSZE", "{code: OSCE", "organisations.yaml, entry number"),
        ("persons.yaml", "POL: [", "POL: [1990, ", "persons.yaml, entry POL: `persons` is not a list of texts"),
        ("regions.yaml", "DEU: {", "DEX: {", "regions.yaml, entry DEX: not a country"),
        ("roles.yaml", "officials: [", "officials: [[", "roles.yaml is no valid YAML"),
    ],
)
def test_a_wrong_entry_is_named_with_its_file(tmp_path: Path, file: str, old: str, new: str, complaint: str) -> None:
    with pytest.raises(UserError) as caught:
        load_tables(broken(tmp_path, file, old, new))
    assert complaint in caught.value.message
    assert caught.value.remedy


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"states\.yaml is missing|speakers\.yaml is missing"):
        load_tables(tmp_path)
