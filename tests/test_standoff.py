"""Annotation apart from its text: nothing of the words stays behind, and all of it comes back."""

import json
from typing import Any

import pytest

from training.corpus import PASSAGES, read
from training.standoff import joined, stripped


@pytest.fixture(scope="module")
def articles() -> list[dict[str, Any]]:
    return read(PASSAGES)[:40]


def test_annotation_and_text_joined_are_the_article(articles: list[dict[str, Any]]) -> None:
    again = joined(map(stripped, articles), articles)
    assert [{k: v for k, v in one.items() if k != "sha256"} for one in again] == articles


def test_no_sentence_stays_in_the_annotation(articles: list[dict[str, Any]]) -> None:
    for article in articles:
        kept = json.dumps(stripped(article), ensure_ascii=False)
        assert not any(event["evidence"]["text"] in kept for event in article["events"])
        assert not any(event["content"]["text"] in kept for event in article["events"] if event["type"] == "statement")


def test_another_version_of_a_text_is_refused(articles: list[dict[str, Any]]) -> None:
    changed = [article | {"text": article["text"] + " "} for article in articles]
    with pytest.raises(ValueError, match="no article with its SHA-256"):
        list(joined(map(stripped, articles), changed))
