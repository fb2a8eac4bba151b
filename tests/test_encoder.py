"""The encoder's pipeline: pieces, chunks, names, tags, lemmas; the shipped model loads offline and repeats itself."""

import itertools
import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from services.common.errors import UserError
from services.extraction.language.chunks import REACH, chunks, window, words
from services.extraction.language.encoder import Encoder, encoded
from services.extraction.language.encoder_graph import Graph
from services.extraction.language.encoder_scheme import Scheme
from services.extraction.language.entities import best_names
from services.extraction.language.pieces import PIECES_PER_WORD, UNKNOWN, PieceVocabulary
from services.extraction.language.verbs import infinitive

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "models" / "de_lagebild"
LEMMAS = Path(__file__).parent / "data" / "verb_lemmas.jsonl"
TEXT = (
    "Der lettische Verteidigungsminister Andris Kalns teilte am Dienstag in Riga mit, dass 1.200 dänische "
    "Soldaten nach Tukums verlegt wurden. Norwegen liefert z. B. zwölf Haubitzen an Moldau."
)
TINY = PieceVocabulary(
    ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁ab", "▁abzug", "zug", "a", "b", "ü", "▁ü", "x"],
    [0.0, 0.0, 0.0, 0.0, -3.0, -2.0, -3.5, -1.0, -4.0, -4.0, -4.0, -6.0, -4.0],
    {"A": "a", "B": "b"},
)
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


@pytest.fixture(scope="module")
def nlp() -> Language:
    return spacy.load(MODEL)


# --- pieces


def test_the_likeliest_segmentation_wins() -> None:
    assert [TINY.pieces[i] for i in TINY.encode("abzug")] == ["▁ab", "zug"]


def test_characters_are_normalised_before_segmentation() -> None:
    assert TINY.encode("ABzug") == TINY.encode("abzug")


def test_a_decomposed_umlaut_is_the_composed_one() -> None:
    assert TINY.encode(unicodedata.normalize("NFD", "ü")) == TINY.encode("ü")


def test_unknown_characters_side_by_side_are_one_piece() -> None:
    assert TINY.encode("x漢字x").count(UNKNOWN) == 1


@given(st.text())
def test_every_word_has_pieces(word: str) -> None:
    ids = TINY.encode(word)
    assert 1 <= len(ids) <= PIECES_PER_WORD
    assert all(0 <= index < len(TINY) for index in ids)


def test_a_vocabulary_survives_writing() -> None:
    again = PieceVocabulary.from_bytes(TINY.to_bytes())
    assert again.encode("abzugü") == TINY.encode("abzugü")


@pytest.mark.parametrize("data", [b"{}", b"[]", b"\xff", b"nonsense"])
def test_what_is_no_vocabulary_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a piece vocabulary"):
        PieceVocabulary.from_bytes(data)


# --- chunks


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["abzug", "ab", "Der", ".", "ü", "!", "\n", "12", "„", "“"]), max_size=120))
def test_chunks_answer_for_every_word_once(parts: list[str]) -> None:
    text = " ".join(parts)
    found = chunks(text, TINY.encode, core=20, left=6, right=3)
    answered = [word for chunk in found for word in chunk.words[slice(*chunk.core)]]
    assert answered == words(text)
    for chunk in found:
        assert len(chunk.first) == len(chunk.words) + 1
        assert chunk.first[-1] == len(chunk.ids) - 1


@given(st.integers(1, 300), st.data())
def test_a_window_holds_its_candidate_and_is_bounded(size: int, data: st.DataObject) -> None:
    chunk = chunks("ab " * size, TINY.encode, core=1000)[0]
    word = data.draw(st.integers(0, size - 1))
    view = window(chunk, word)
    assert view.low <= word < view.high
    assert view.anchor == word - view.low
    assert view.subtokens[1] - view.subtokens[0] <= 2 * REACH + max(len(TINY.encode("ab")), 1)
    assert len(view.relative) == len(view.sentence) == view.end[-1]


def test_a_long_text_without_full_stops_is_cut() -> None:
    found = chunks("abzug " * 2000, TINY.encode)
    assert max(len(chunk.ids) for chunk in found) <= 300


# --- names


@given(st.integers(1, 3), st.integers(0, 10**6))
def test_names_are_the_best_valid_sequence(length: int, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(length, len(TAGS))).astype(np.float32)

    def valid(path: tuple[int, ...]) -> bool:
        before = [None, *path[:-1]]
        return all(
            TAGS[tag][0] != "I" or (last is not None and TAGS[last] != "O" and TAGS[last][2:] == TAGS[tag][2:])
            for last, tag in zip(before, path, strict=True)
        )

    paths = [p for p in itertools.product(range(len(TAGS)), repeat=length) if valid(p)]
    best = max(paths, key=lambda path: sum(float(logits[i, tag]) for i, tag in enumerate(path)))
    spans = best_names(logits, TAGS)
    inside = {i for first, last, _ in spans for i in range(first, last)}
    assert inside == {i for i, tag in enumerate(best) if TAGS[tag] != "O"}
    assert [first for first, _, _ in spans] == [i for i, tag in enumerate(best) if TAGS[tag][0] == "B"]


# --- verbs


@pytest.mark.parametrize(
    ("form", "kind", "lemma"),
    [
        ("seien", "Fin", "sein"),
        ("abzuziehen", "Inf", "abziehen"),
        ("überstellt", "Part", "überstellen"),
        ("xyzt", "", "xyzen"),
    ],
)
def test_infinitives(form: str, kind: str, lemma: str) -> None:
    assert infinitive(form, kind) == lemma


def test_lemmas_of_verbs_with_their_separated_prefix(nlp: Language) -> None:
    cases = [json.loads(line) for line in LEMMAS.read_text(encoding="utf-8").splitlines()]
    right = 0
    for case in cases:
        span = nlp(case["text"]).char_span(case["start"], case["end"])
        right += span is not None and span.lemma_ == case["lemma"]
    assert right / len(cases) >= 0.97


# --- the shipped pipeline


def test_fixed_sentences_give_fixed_annotations(nlp: Language) -> None:
    doc = nlp(TEXT)
    assert [(entity.text, entity.label_) for entity in doc.ents] == [
        ("lettische", "LOC"),
        ("Andris Kalns", "PER"),
        ("Riga", "LOC"),
        ("dänische", "LOC"),
        ("Tukums", "LOC"),
        ("Norwegen", "LOC"),
        ("Moldau", "LOC"),
    ]
    tags = {token.text: token.pos_ for token in doc}
    assert tags["Soldaten"] == "NOUN"
    assert tags["teilte"] == "VERB"
    assert tags["Riga"] == "PROPN"
    assert tags["1.200"] == "NUM"
    lemmas = {token.text: token.lemma_ for token in doc}
    assert lemmas["teilte"] == lemmas["mit"] == "mitteilen"
    assert lemmas["verlegt"] == "verlegen"
    assert [len(list(doc.sents)), doc[-1].text] == [2, "."]


def test_konjunktiv_tense_and_passive_are_marked(nlp: Language) -> None:
    doc = nlp("Man habe nichts gewusst. Die Brigade wurde abgezogen. Er kommt. Ich gehe. Sie wäre gern geblieben.")
    features = {token.text: token.morph.to_dict() for token in doc}
    assert features["habe"]["Mood"] == "Sub"
    assert features["wurde"]["Tense"] == "Past"
    assert features["wurde"]["Voice"] == "Pass"
    assert features["wurde"]["Mood"] == features["kommt"]["Mood"] == features["gehe"]["Mood"] == "Ind"
    assert features["wäre"]["Mood"] == "Sub"


def numbers(nlp: Language, texts: list[str]) -> list[bytes]:
    """The encoder's output for each text, to the bit."""
    encoder = nlp.get_pipe("lagebild_encoder")
    assert isinstance(encoder, Encoder)
    return [b"".join(part.hidden.tobytes() for part in encoder.encode(text).chunks) for text in texts]


def annotations(doc: spacy.tokens.Doc) -> str:
    rows = [(t.text, t.pos_, str(t.morph), t.lemma_, t.ent_type_) for t in doc]
    return repr((rows, doc._.findings))


def test_a_text_gives_the_same_alone_and_among_others(nlp: Language) -> None:
    others = ["Kurz.", TEXT * 9, "Moldau dankt."]
    alone = [annotations(nlp(text)) for text in (TEXT, *others)]
    together = [annotations(doc) for doc in nlp.pipe([TEXT, *others], batch_size=4)]
    assert alone == together
    assert numbers(nlp, [TEXT]) == numbers(nlp, [others[1], TEXT])[1:]


def test_a_text_gives_the_same_in_another_process_without_network(nlp: Language) -> None:
    program = (
        "import socket, sys, hashlib\n"
        "def refuse(*args, **kwargs): raise OSError('no network')\n"
        "socket.socket.connect = refuse\n"
        "import spacy\n"
        "from tests.test_encoder import annotations\n"
        f"sys.stdout.write(annotations(spacy.load({str(MODEL)!r})({TEXT!r})))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, encoding="utf-8"
    )
    assert result.stdout == annotations(nlp(TEXT))


def test_the_pipeline_survives_bytes_and_disk(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "copy")
    config = (tmp_path / "copy" / "config.cfg").read_text(encoding="utf-8")
    assert str(ROOT) not in config
    assert "training" not in config.split("[training]")[0]
    expected = annotations(nlp(TEXT))
    assert annotations(spacy.load(tmp_path / "copy")(TEXT)) == expected
    empty = spacy.blank("de")
    for name in nlp.pipe_names:
        empty.add_pipe(name)
    assert annotations(empty.from_bytes(nlp.to_bytes())(TEXT)) == expected


@pytest.mark.parametrize(
    "text", ["", " \n\t ", "…", "🚀🚀", "a\u0308rgern", "\u200b", "ORT/XY, 3.4. (abc) – »Ja«", "x" * 5000]
)
def test_odd_texts_are_read_without_complaint(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert doc.text == text
    assert all(token.pos_ for token in doc)


def test_results_leave_nothing_in_the_document(nlp: Language) -> None:
    doc = nlp(TEXT)
    with pytest.raises(ValueError, match="lagebild_encoder"):
        encoded(doc)
    assert spacy.tokens.Doc(nlp.vocab).from_bytes(doc.to_bytes(exclude=["user_data"])).text == TEXT


def test_an_encoder_without_network_says_so() -> None:
    empty = spacy.blank("de")
    empty.add_pipe("lagebild_sentences")
    empty.add_pipe("lagebild_encoder")
    with pytest.raises(ValueError, match="has no network"):
        empty("Ein Satz.")


def test_a_broken_network_is_named() -> None:
    with pytest.raises(UserError, match="cannot be read"):
        Graph(b"not a graph").run({})


def test_what_is_no_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="not a scheme"):
        Scheme.from_bytes(b'{"types": []}')
