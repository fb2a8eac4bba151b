"""The promises that `make fuzz` tries to break, held against the inputs that it starts from and has found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import target


@pytest.mark.parametrize("data", target.seeds(), ids=lambda data: data[:40].decode())
def test_inputs_kept_from_fuzzing(data: bytes) -> None:
    target.check(data)


@settings(deadline=None)  # the first example loads the tables
@given(st.text(max_size=40), st.text(max_size=300), st.text(max_size=30), st.text(max_size=20))
def test_any_words_in_the_fields(title: str, text: str, published_at: str, identifier: str) -> None:
    target.check(target.from_parts(text, title, published_at, identifier))
