"""The seed articles: whole, dated, and what the README says of them."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

SEEDS = Path(__file__).parents[1] / "seeds"
GIVEN = "000_6d95a38e362bd81d"
GIVEN_SHA256 = "c88a0500fc6b6f33c4c656a8131a8751b084b3affd00ec34a2b702872899b2f2"


def _texts() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))}


def _sidecar(name: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads((SEEDS / f"{name}.json").read_text(encoding="utf-8"))
    return fields


def test_the_given_article_is_unchanged_and_its_sidecar_says_what_dates_it() -> None:
    assert hashlib.sha256((SEEDS / f"{GIVEN}.txt").read_bytes()).hexdigest() == GIVEN_SHA256
    sidecar = _sidecar(GIVEN)
    assert sidecar["published_at"] == "2024-10-28"
    assert "carries no date" in sidecar["note"]


def test_every_article_has_id_title_source_and_a_moment_with_its_zone() -> None:
    names = [name for name in _texts() if name != GIVEN]
    assert len(names) >= 14
    for name in names:
        sidecar = _sidecar(name)
        assert sidecar["id"] == name
        assert sidecar["title"]
        assert sidecar["source"]
        assert sidecar["note"] == "invented for Lagebild"
        published = datetime.fromisoformat(sidecar["published_at"])
        assert published.utcoffset() is not None
        assert published.date() > date(2020, 1, 1)


def test_every_article_is_of_a_news_texts_length_and_in_the_readme() -> None:
    readme = (SEEDS / "README.md").read_text(encoding="utf-8")
    for name, text in _texts().items():
        assert f"| {name} |" in readme
        assert name == GIVEN or 150 <= len(text.split()) <= 450


def test_only_the_agency_copy_stands_twice() -> None:
    texts = _texts()
    alike = {
        (one, other)
        for one in texts
        for other in texts
        if one < other and SequenceMatcher(None, texts[one].split(), texts[other].split(), autojunk=False).ratio() > 0.5
    }
    assert alike == {("009_moldau_hanse", "010_moldau_abendbote")}
