"""From a place phrase to country and coordinates; ambiguity is decided by the article's other places and population."""

from __future__ import annotations

from services.extraction.linking.gazetteer import Gazetteer, Town
from services.extraction.linking.lexicon import Entry, Match
from services.extraction.linking.model import LinkedPlace
from services.extraction.linking.phrases import DETERMINERS, Phrase
from services.extraction.linking.scene import Scene

_SORTS = frozenset(("state", "adjective", "people", "capital", "region"))


class PlaceLinker:
    """Resolves the place phrases of one scene."""

    def __init__(self, scene: Scene, gazetteer: Gazetteer) -> None:
        self._scene = scene
        self._gazetteer = gazetteer

    def link(self, phrase: Phrase) -> LinkedPlace:
        """The place of a phrase: table entries first, then towns, then the country named nearest before."""
        scene = self._scene
        text = scene.text[scene.tokens[phrase.first].start : scene.tokens[phrase.last].end]
        found = [m for m in phrase.matches if m.entry.sort in _SORTS]
        if found:
            return self._listed(found, text, phrase)
        for index in range(phrase.last, phrase.first - 1, -1):
            token = scene.tokens[index]
            if token.text[0].isupper() and token.key not in DETERMINERS and not scene.lexicon.role(token.key):
                town = self._choose(self._gazetteer.find(token.text))
                if town:
                    return LinkedPlace(
                        text, town.country, town.latitude, town.longitude, town.geonames_id, f"town: {town.name}"
                    )
        country = self._nearest(phrase)
        if country:
            return LinkedPlace(text, country.country, None, None, None, f"country named before: {country.name}")
        return LinkedPlace(text, None, None, None, None, "not found")

    def _listed(self, found: list[Match], text: str, phrase: Phrase) -> LinkedPlace:
        countries = {m.entry.country for m in found}
        entry = found[0].entry
        if len(countries) > 1:
            return LinkedPlace(text, entry.country, None, None, None, f"{entry.sort}: {entry.name}")
        latitude, longitude = entry.position or (None, None)
        whole = len(found) == 1 and found[0].first <= phrase.first + 1 and found[0].last == phrase.last
        return LinkedPlace(
            entry.name if whole else text, entry.country, latitude, longitude, None, f"{entry.sort}: {entry.name}"
        )

    def _choose(self, towns: list[Town]) -> Town | None:
        if not towns:
            return None
        named = [town for town in towns if self._scene.counts[town.country]]
        return (named or towns)[0]

    def _nearest(self, phrase: Phrase) -> Entry | None:
        before = [
            m.entry
            for m in self._scene.matches
            if m.first < phrase.first and m.entry.sort in _SORTS and m.entry.country
        ]
        return before[-1] if before else None
