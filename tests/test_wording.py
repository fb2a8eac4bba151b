"""The second opinion on kinds: features, weights, and how it joins the network's."""

import io
from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.extraction.learned.wording import BUCKETS, Linear, Wording, buckets

TEXT = "Der Minister sagte, Ankara müsse seine Truppen abziehen."
ANCHOR, CONTENT = (13, 18), (20, 55)
VALUES = np.array([0.5, 0.3, 0.2], np.float32)


def _saved(*arrays: np.ndarray, **named: np.ndarray) -> bytes:
    out = io.BytesIO()
    if arrays:
        np.save(out, arrays[0])
    else:
        parts = {"scale": np.ones(3, np.float32), "bias": np.ones(3, np.float32), **named}
        np.savez(out, **{f"kind.{name}": part for name, part in parts.items()})
    return out.getvalue()


def features(text: str = TEXT, kind: str = "statement", *, addressed: bool = False) -> set[int]:
    return buckets(kind, text, ANCHOR, CONTENT, addressed=addressed)


def wording(favoured: int) -> Wording:
    """A model of three kinds that favours one of them where TEXT has its modal."""
    weights = np.zeros((BUCKETS, 3), np.int8)
    weights[sorted(features() - features(TEXT.replace("müsse", "werde"))), favoured] = 10
    return Wording({"kind": Linear(weights, np.full(3, 0.1, np.float32), np.zeros(3, np.float32))})


def test_it_moves_the_networks_word_where_a_wording_is_known() -> None:
    joined = wording(1).joined("kind", VALUES, features())
    assert int(joined.argmax()) == 1
    assert joined.sum() == pytest.approx(1.0)
    other = wording(1).joined("kind", VALUES, features(TEXT.replace("müsse", "werde")))
    assert np.allclose(other, VALUES)


def test_a_model_judges_its_label_and_types_alone() -> None:
    assert wording(1).judges("kind", "statement")
    assert not wording(1).judges("kind", "supply")
    assert not wording(1).judges("status", "supply")
    assert not Wording().judges("kind", "statement")


def test_addressee_quotation_marks_and_type_are_features() -> None:
    assert len(features(addressed=True) - features()) == 1
    assert len(features(TEXT.replace(", A", ",„A")) - features()) == 1
    assert len(features(kind="supply") - features()) == 1


def test_words_are_whole_in_decomposed_text() -> None:
    text = "Er sagte, es gäbe fünf Züge."
    whole = buckets("statement", text, (3, 8), (10, len(text) - 1))
    decomposed = normalize("NFD", text)
    apart = buckets("statement", decomposed, (3, 8), (10, len(decomposed) - 1))
    assert len(whole) == len(apart)


def test_models_survive_saving() -> None:
    saved = wording(2)
    again = Wording.from_bytes(saved.to_bytes())
    assert again.to_bytes() == saved.to_bytes()
    assert np.array_equal(again.models["kind"].weights, saved.models["kind"].weights)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"[]", _saved(np.zeros(3)), _saved(weights=np.zeros((4, 3), np.int8))]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not models of wordings"):
        Wording.from_bytes(data)


@given(st.text(max_size=80), st.data())
def test_any_text_has_features(text: str, data: st.DataObject) -> None:
    text = "x" + text
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = buckets("supply", text, (start, end), (start, end))
    assert all(0 <= bucket < BUCKETS for bucket in found)
    assert found == buckets("supply", text, (start, end), (start, end))
