"""Where sentences end: abbreviations, ordinals, quotations, headlines, and offsets in any text at all."""

from itertools import pairwise

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from services.extraction.language.sentences import mark_sentences, sentence_spans, split_sentences
from training.evaluate_language import boundary_f1, sentence_cases


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Die Delegation reist am 28. Oktober nach Riga.",
        "Am 3. Mai endet das Mandat.",
        "Der 2. Weltkrieg endete 1945, der 1. war 1918 vorbei.",
        "Geliefert werden z. B. Lastwagen und ca. 40 Zelte.",
        "Das sagte Dr. Anna Berg, Mitarbeiterin von Prof. Kurz.",
        "Rund 3 Mio. Euro und 2,5 Mrd. Kronen sind bewilligt.",
        "Oberst a. D. Hans W. Müller und Gen. Karl Lund sprachen bzw. schrieben.",
        "„Wir bleiben.“, sagte der Sprecher.",
        "„Was soll das?“ fragte der Minister.",
        "„Nein!“, rief sie – „niemals.“",
        "Papst Benedikt XVI. Ratzinger schrieb an die Bischöfe.",
        "Er nannte drei Gründe: Geld, Zeit und Mut.",
        "Der Botschafter … schwieg.",
        "Nach § 5 Abs. 2 darf das Heer keine Waffen der Fa. Kern ausführen.",
    ],
)
def test_one_sentence_stays_whole(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Die Truppen sind da. Der Minister schweigt.", 2),
        ("Das geschah 2022. Seither ruht der Verkehr.", 2),
        ("Die Frist läuft bis zum 20. Der Sprecher bestätigte das.", 2),
        ("Sie schrieb es auf der Plattform X. Berlin reagierte nicht.", 2),
        ("Das Heer bestellt 40 MiG-29. Litauen zahlt.", 2),
        ("„Wir bleiben. Niemand geht. Das ist unser Land.“ Damit schloss er.", 4),
        ("Sie fragte: „Wer zahlt?“ Niemand wusste es.", 2),
        ("Es gab Zelte, Decken usw. Die Helfer waren müde.", 2),
        ("Das Schiff liegt im Hafen.Der Kapitän wartet.", 2),
        ('Er sagte: "Es ist genug." Dann ging er.', 2),
        ("»Wir gehen«, hieß es. »Alle gehen.« Der Platz leerte sich.", 3),
    ],
)
def test_sentences_are_told_apart(text: str, count: int) -> None:
    assert len(split(text)) == count


def test_hard_cases_as_a_whole() -> None:
    """docs/quality.md has the figure."""
    cases = sentence_cases()
    assert len(cases) >= 200
    assert boundary_f1(cases) >= 0.98


def test_closing_marks_belong_to_the_sentence_that_they_close() -> None:
    assert split("„Er kommt.“ (So die Agentur.) Mehr weiß man nicht.") == [
        "„Er kommt.“",
        "(So die Agentur.)",
        "Mehr weiß man nicht.",
    ]


def test_a_headline_without_a_full_stop_ends_with_its_line() -> None:
    assert split("Streit um Panzer\n\nBerlin zögert.\nWarschau drängt") == [
        "Streit um Panzer",
        "Berlin zögert.",
        "Warschau drängt",
    ]


def test_a_text_wrapped_by_hand_keeps_its_sentences() -> None:
    text = (
        "Die Regierung hat am Dienstag beschlossen, die\nTruppen aus der Stadt\nzurückzuziehen. Das Parlament\nberät."
    )
    assert len(split(text)) == 2


TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from(list(" \n\t.,!?…:;„“”»«\"'’()–-Aaäßö17XIZz")), st.characters(exclude_categories=["Cs"])
    )
)


@settings(deadline=None)
@given(TEXTS)
def test_every_visible_character_lies_in_exactly_one_sentence(text: str) -> None:
    spans = split_sentences(text)
    covered = "".join(text[start:end] for start, end in spans)
    assert "".join(covered.split()) == "".join(text.split())
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


NLP = spacy.blank("de")


@settings(deadline=None)
@given(TEXTS)
def test_the_component_marks_what_the_splitter_finds(text: str) -> None:
    doc = mark_sentences(NLP.make_doc(text))
    spans = sentence_spans(doc)
    starts = {start for start, _ in spans}
    tokens = [token for token in doc if not token.is_space]
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join("".join(doc.text.split()))
    # A boundary inside a token moves to the token's beginning: no other sentence start is lost.
    assert starts >= {token.idx for token in tokens if token.idx in {start for start, _ in split_sentences(text)}}
