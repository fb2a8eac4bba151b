"""The learned detector: from logits to spans, from spans to findings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language

from services.extraction.findings import SLOTS, Finding
from services.extraction.language.chunks import chunks, window
from services.extraction.language.encoder_scheme import Scheme
from services.extraction.language.pieces import PieceVocabulary
from services.extraction.learned import spans
from services.extraction.learned.calibration import Calibration
from services.extraction.learned.decoding import Candidate, Limits, best_of_neighbours, decode
from services.extraction.learned.detector import Detector
from services.extraction.learned.wording import BUCKETS, Linear, Wording

MODEL = Path(__file__).parent.parent / "models" / "de_lagebild"
SCHEME = Scheme(
    types=("statement",),
    slots=("agent", "content"),
    fields={"statement": {"agent": "speaker", "content": "content"}},
    labels={"kind": ("say", "deny"), "quoted": ("false", "true")},
    labels_of={"statement": ("kind", "quoted")},
    entity_tags=("O",),
    tags={"Number": ("_", "Sing"), "VerbForm": ("_", "Fin")},
)
PIECES = PieceVocabulary(["<s>", "<pad>", "</s>", "<unk>", "▁", "e"], [0.0, 0.0, 0.0, 0.0, -1.0, -1.0], {})


@pytest.fixture(scope="module")
def nlp() -> Language:
    return spacy.load(MODEL)


# --- the cut of spans


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (", dass die Truppen abziehen.", "die Truppen abziehen"),
        ("daß er gehe", "er gehe"),
        (": „Wir bleiben.“", "Wir bleiben"),
        ("„Wir bleiben“, und zwar „lange“", "„Wir bleiben“, und zwar „lange“"),
        ("»Nein«", "Nein"),
        ("die Lage sei „sehr ernst“", "die Lage sei „sehr ernst“"),
        ("Man prüfe das (noch)", "Man prüfe das (noch)"),
        ("dass", None),
        ("–", None),
    ],
)
def test_content_is_cut_as_the_guide_says(text: str, cut: str | None) -> None:
    found = spans.content(text, (0, len(text)))
    assert (found and text[slice(*found)]) == cut


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (" dänische Soldaten,", "dänische Soldaten"),
        ("„Nordwind", "Nordwind"),
        ("Brigade „Nordwind“", "Brigade „Nordwind“"),
        ("Panzer (Leopard", "Panzer (Leopard"),
        ("Leopard)", "Leopard"),
        ("  ", None),
    ],
)
def test_a_slot_has_no_punctuation_at_its_ends(text: str, cut: str | None) -> None:
    found = spans.trimmed(text, (0, len(text)))
    assert (found and text[slice(*found)]) == cut


@given(st.text(alphabet="ab „“»«\"',.:;()–dass", max_size=30), st.data())
def test_a_cut_lies_inside_what_is_cut(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    for cut in (spans.content, spans.trimmed):
        found = cut(text, (start, end))
        assert found is None or start <= found[0] < found[1] <= end


# --- decoding


def outputs(words: int, best: dict[str, tuple[int, int]]) -> dict[str, np.ndarray]:
    """Logits that point at these spans (first and last word); slots not named are empty."""
    start, end = np.zeros((1, words, 2), np.float32), np.zeros((1, words, 2), np.float32)
    null = np.full((1, 2), 9.0, np.float32)
    for slot, (first, last) in best.items():
        column = SCHEME.slots.index(slot)
        start[0, first, column], end[0, last, column], null[0, column] = 9.0, 9.0, 0.0
    labels = {"kind": np.array([[0.0, 2.0]], np.float32), "quoted": np.array([[3.0, 0.0]], np.float32)}
    return {"start": start, "end": end, "null": null, "verdict": np.array([[1.0]], np.float32), **labels}


def read(text: str, word: int, best: dict[str, tuple[int, int]], verbs: tuple[int, ...] = ()) -> Candidate:
    chunk = chunks(text, PIECES.encode)[0]
    view = window(chunk, word)
    tags = np.zeros((len(chunk.words), 4), np.float32)
    tags[list(verbs), 3] = 1.0
    limits = Limits.of(SCHEME, chunk, tags)
    return decode(SCHEME, limits, view, 0, outputs(view.high - view.low, best))


def test_spans_labels_and_verdict_are_read_off_the_logits() -> None:
    candidate = read("Er sagt, sie gehe.", 1, {"agent": (0, 0), "content": (3, 4)})
    assert candidate.fillers["agent"].words == (0, 1)
    assert candidate.fillers["content"].words == (3, 5)
    assert candidate.fillers["agent"].odds > 0
    assert candidate.verdict == pytest.approx(0.7311, abs=1e-3)
    assert int(candidate.labels["kind"].argmax()) == 1


def test_an_empty_slot_has_odds_below_zero() -> None:
    assert read("Er sagt, sie gehe.", 1, {}).fillers["agent"].odds < 0


def test_only_the_content_crosses_the_end_of_a_sentence() -> None:
    text = "Er sagt das. Sie gehe jetzt."
    candidate = read(text, 1, {"agent": (2, 5), "content": (2, 5)})
    assert candidate.fillers["content"].words == (2, 6)
    first, last = candidate.fillers["agent"].words
    assert last <= 4 or first >= 4


def test_a_time_may_hold_a_clause() -> None:
    chunk = chunks("Er ging, seit sie kam.", PIECES.encode)[0]
    scheme = replace(SCHEME, slots=("agent", "time"), fields={"statement": {"agent": "speaker", "time": "time"}})
    tags = np.zeros((len(chunk.words), 4), np.float32)
    tags[[1, 5], 3] = 1.0
    view = window(chunk, 1)
    both = outputs(view.high - view.low, {"agent": (3, 5), "content": (3, 5)})  # the columns of agent and time
    found = decode(scheme, Limits.of(scheme, chunk, tags), view, 0, both).fillers
    assert found["time"].words == (3, 6)
    first, last = found["agent"].words
    assert last <= 5 or first >= 5


def test_a_scheme_without_verb_forms_bounds_sentences_alone() -> None:
    chunk = chunks("Er ging. Sie kam.", PIECES.encode)[0]
    limits = Limits.of(replace(SCHEME, tags={}), chunk, np.zeros((len(chunk.words), 0), np.float32))
    assert limits.phrase.tolist() == limits.sentence.tolist() == [0, 0, 0, 1, 1, 1]


def test_only_the_content_runs_over_a_finite_verb() -> None:
    text = "Bonn gab bekannt, dass dänische Soldaten kommen."
    candidate = read(text, 1, {"agent": (0, 5), "content": (0, 5)}, verbs=(1, 7))
    assert candidate.fillers["content"].words == (0, 6)
    first, last = candidate.fillers["agent"].words
    assert last <= 1 or first >= 2


def candidate_at(word: int, verdict: float, kind: str = "statement") -> Candidate:
    return Candidate(kind, word, verdict, {}, {})


def test_of_neighbours_the_surest_counts() -> None:
    found = [candidate_at(3, 0.6), candidate_at(4, 0.9), candidate_at(8, 0.7), candidate_at(9, 0.2)]
    kept = best_of_neighbours(found, {"statement": 0.5})
    assert [one.word for one in kept] == [4, 8]


def test_types_do_not_compete() -> None:
    found = [candidate_at(3, 0.6), candidate_at(3, 0.9, "supply")]
    assert len(best_of_neighbours(found, {"statement": 0.5, "supply": 0.5})) == 2


# --- confidence


def test_confidence_follows_the_curve() -> None:
    calibration = Calibration(curves={"supply": ((0.2, 0.1), (0.6, 0.5), (0.9, 0.95))})
    assert calibration.confidence("supply", 0.05) == 0.1
    assert calibration.confidence("supply", 0.4) == pytest.approx(0.3)
    assert calibration.confidence("supply", 0.99) == 0.95
    assert calibration.confidence("statement", 0.4) == 0.4


def test_a_calibration_survives_writing() -> None:
    calibration = Calibration(slots={"time": 0.5}, curves={"supply": ((0.2, 0.1), (0.6, 0.5))})
    assert Calibration.from_bytes(calibration.to_bytes()) == calibration


def test_what_is_no_calibration_is_refused() -> None:
    with pytest.raises(ValueError, match="not a calibration"):
        Calibration.from_bytes(b"[]")


# --- the shipped detector


def texts_of(text: str, finding: Finding) -> dict[str, str]:
    return {slot: text[slice(*found[0])] for slot, found in finding.slots.items()}


def test_a_statement_and_the_deployment_it_tells(nlp: Language) -> None:
    text = "Der dänische Generalstab teilte mit, dass 400 norwegische Soldaten nach Estland verlegt worden seien."
    found = {finding.type: finding for finding in nlp(text)._.findings}
    assert set(found) == {"statement", "deployment"}
    told = texts_of(text, found["deployment"])
    assert told["destination"] == "Estland"
    assert told["quantity"] == "400"
    assert "Soldaten" in told["force"]
    assert found["deployment"].labels["reported"] is True
    assert not found["deployment"].firsthand
    assert "Generalstab" in texts_of(text, found["statement"])["speaker"]
    assert texts_of(text, found["statement"])["content"].endswith("worden seien")


def test_a_supply(nlp: Language) -> None:
    text = "Kanada hat der Ukraine im Mai vier Haubitzen geliefert."
    (finding,) = nlp(text)._.findings
    assert finding.type == "supply"
    told = texts_of(text, finding)
    assert told["supplier"] == "Kanada"
    assert told["recipient"].endswith("Ukraine")
    assert "Haubitzen" in told["goods"]
    assert finding.labels["status"] == "actual"
    assert finding.firsthand


def test_a_wording_moves_a_label_and_is_named(nlp: Language, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = "Der Sprecher sagte, die Truppen seien abgezogen."
    detector = nlp.get_pipe("lagebild_detector")
    assert isinstance(detector, Detector)
    kinds = Scheme.from_bytes((MODEL / "lagebild_encoder" / "scheme.json").read_bytes()).labels["kind"]
    bias = np.where(np.array(kinds) == "threaten", 50, 0).astype(np.float32)
    linear = Linear(np.zeros((BUCKETS, len(kinds)), np.int8), np.ones(len(kinds), np.float32), bias)
    monkeypatch.setattr(detector, "wording", Wording({"kind": linear}))
    found = next(finding for finding in nlp(text)._.findings if finding.type == "statement")
    assert found.labels["kind"] == "threaten"
    assert found.reasons["kind"].startswith("network and wording")
    nlp.to_disk(tmp_path)
    again = next(finding for finding in spacy.load(tmp_path)(text)._.findings if finding.type == "statement")
    assert again == found


def test_a_text_about_something_else_has_no_events(nlp: Language) -> None:
    text = "Im Stadtpark blühen die Kirschen. Am Sonntag spielt die Blaskapelle, der Eintritt ist frei."
    assert nlp(text)._.findings == ()


def test_where_nothing_is_sure_nothing_is_found(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = nlp.get_pipe("lagebild_detector")
    assert isinstance(detector, Detector)
    text = "Kanada hat der Ukraine im Mai vier Haubitzen geliefert."
    monkeypatch.setattr(detector, "calibration", replace(detector.calibration, document=1.01))
    assert nlp(text)._.findings == ()


def test_findings_keep_to_the_text_and_the_contract(nlp: Language) -> None:
    text = "„Wir liefern 40 Lastwagen an Georgien“, sagte Minister Berg. 🚚 Ein Abzug ist laut Berg nicht geplant."
    for finding in nlp(text)._.findings:
        assert finding.evidence[0] <= finding.anchor[0] < finding.anchor[1] <= finding.evidence[1]
        assert set(finding.slots) <= {*SLOTS[finding.type], "attribution"}
        assert set(finding.reasons) == {*finding.slots, *finding.labels}
        assert 0 <= finding.score <= 1
        for ((start, end),) in finding.slots.values():
            assert 0 <= start < end <= len(text)
            assert text[start:end] == text[start:end].strip()
