"""From a place phrase to country and position; ambiguity is decided by the article's other places and population."""

from __future__ import annotations

from dataclasses import replace
from math import log2

from services.extraction.linking.entries import Entry
from services.extraction.linking.gazetteer import Gazetteer, Town
from services.extraction.linking.lexicon import Match
from services.extraction.linking.model import LinkedPlace
from services.extraction.linking.phrases import DETERMINERS, Phrase
from services.extraction.linking.scene import Scene

_SORTS = frozenset(("state", "adjective", "people", "capital", "region"))
_THERE = frozenset(("dort", "dorthin", "hier", "hierher", "ort", "daher"))
_HOME = frozenset(("hause", "heimat", "heimreise", "heimatland"))
_BORDER = ("grenze", "grenzgebiet", "grenzregion", "grenzabschnitt", "grenzposten", "frontlinie", "trennlinie")
_BORDERLAND = ("grenzgebiet", "grenzregion", "kampfgebiet")
_INDEFINITE = frozenset(("einem", "einen", "ein", "anderen"))
_TO_OR_BETWEEN = (["zu"], ["zum"], ["zur"], ["zwischen"])
_COORDINATING = frozenset(("und", "sowie", "zwischen", "oder"))
_SEA = ("meer", "meeres", "ozean", "seegebiet", "seegebiete", "meerbusen", "meerenge", "weltall", "gewaesser")
_PLACED = frozenset(("in", "im", "bei", "auf", "nahe", "bei"))
_COUNTRY_WORDS = ("land", "landes", "staat", "staates", "republik", "territorium", "boden", "staatsgebiet", "regime")
_SCENE = frozenset(("in", "im", "nach", "aus", "auf", "bei", "ueber", "um", "an", "vor"))
# Weights of salience, tuned on the training articles: a sentence farther back, after in/nach/..., a name that is no
# adjective, each doubling of the country's mentions.
DISTANCE, PLACED, PROPER, FREQUENT = 0.6, 3.0, 0.5, 1.5
_SMALL_TOWN = 100_000  # people; below, a name alone does not make a place of a country that the article never names


class PlaceLinker:
    """Resolves the place phrases of one scene."""

    def __init__(self, scene: Scene, gazetteer: Gazetteer) -> None:
        self._scene = scene
        self._gazetteer = gazetteer

    def link(self, phrase: Phrase) -> LinkedPlace:
        """The place of a phrase: names of the tables first, then towns, then what the article named before."""
        text = self._text(phrase)
        found = self._found(phrase)
        unbounded = self._unbounded(phrase, found)
        if unbounded:
            return LinkedPlace(text, None, None, None, None, unbounded)
        if found:
            return self._listed(phrase, found)
        town = self._town(phrase)
        if town is not None:
            return LinkedPlace(
                text, town.country, town.latitude, town.longitude, town.geonames_id, f"town: {town.name}"
            )
        return self._taken_up(phrase, text)

    def _text(self, phrase: Phrase) -> str:
        return self._scene.text[self._scene.tokens[phrase.first].start : self._scene.tokens[phrase.last].end]

    def _found(self, phrase: Phrase) -> list[Match]:
        matches = [m for m in phrase.matches if m.entry.sort in _SORTS]
        covered = {i for m in phrase.matches for i in range(m.first, m.last + 1)}
        for index in range(phrase.first, phrase.last + 1):
            if index not in covered:
                entry = self._scene.lexicon.country_inside(self._scene.tokens[index].text)
                matches += [Match(index, index, entry)] if entry else []
        return matches

    def _unbounded(self, phrase: Phrase, found: list[Match]) -> str | None:
        """Why a phrase lies in no single country: borders, seas, several countries side by side."""
        tokens = self._scene.tokens
        keys = [t.key for t in tokens[phrase.first : phrase.last + 1]]
        countries = {m.entry.country for m in found}
        border = next((i for i, key in enumerate(keys) if key.endswith(_BORDER)), None)
        if border is not None and (not found or keys[border + 1 : border + 2] in _TO_OR_BETWEEN):
            inland = keys[border].endswith(_BORDERLAND) and not found and self._region_before(phrase) is not None
            return None if inland else "a border: between countries"
        if not found and self._country_word(phrase) and self._indefinite(phrase):
            return "a country not named"
        at_sea = any(key.endswith(_SEA) for key in keys) and not any(m.entry.sort == "adjective" for m in found)
        if at_sea and (None in countries or not found or (len(countries) == 1 and "gewaesser" not in keys[-1])):
            return "a sea"
        if len(countries) > 1 and any(key in _COORDINATING for key in keys):
            return "several countries"
        return None

    def _listed(self, phrase: Phrase, found: list[Match]) -> LinkedPlace:
        match = self._where(found)
        entry = match.entry
        whole = len(found) == 1 and match.last == phrase.last and not match.head and self._bare(phrase, match)
        name = (
            entry.name
            if whole and entry.sort != "capital"
            else self._capital_name(phrase, match)
            if whole
            else self._text(phrase)
        )
        identifier = (
            self._gazetteer.country_id(entry.country) if entry.sort in ("state", "adjective", "people") else None
        )
        latitude, longitude = entry.position or (None, None)
        place = LinkedPlace(name, entry.country, latitude, longitude, identifier, f"{entry.sort}: {entry.name}")
        return self._as_town(match, place) if entry.sort in ("capital", "region") else place

    def _where(self, found: list[Match]) -> Match:
        """Of several names the one that says where: after in/bei/auf, else a region, else the first."""
        if len({m.entry.country for m in found}) == 1:
            regions = [m for m in found if m.entry.sort in ("region", "capital")]
            return (regions or found)[0]
        tokens = self._scene.tokens
        placed = [m for m in found if m.first > 0 and tokens[m.first - 1].key in _PLACED and m is not found[0]]
        proper = [m for m in found if m.entry.sort in ("region", "capital", "state") and not m.head]
        return (placed or proper or found)[0]

    def _bare(self, phrase: Phrase, match: Match) -> bool:
        return all(self._scene.tokens[i].key in DETERMINERS for i in range(phrase.first, match.first))

    def _capital_name(self, phrase: Phrase, match: Match) -> str:
        written = self._scene.text[self._scene.tokens[match.first].start : self._scene.tokens[match.last].end]
        known = self._gazetteer.find(written)
        return (
            written.removesuffix("s")
            if known and written.endswith("s") and not known[0].name.endswith("s")
            else written
        )

    def _as_town(self, match: Match, place: LinkedPlace) -> LinkedPlace:
        """Position and id of a capital or listed place from the gazetteer, where it has a town of that name there."""
        written = self._scene.text[self._scene.tokens[match.first].start : self._scene.tokens[match.last].end]
        town = next((t for t in self._gazetteer.find(written) if t.country == match.entry.country), None)
        if town is None:
            return place if match.entry.sort == "region" else replace(place, latitude=None, longitude=None)
        return replace(place, latitude=town.latitude, longitude=town.longitude, geonames_id=town.geonames_id)

    def town_country(self, phrase: Phrase) -> str | None:
        """The country of a town that stands for its people or government, where the article names that country too."""
        town = self._town(phrase)
        return town.country if town is not None and self._scene.countries[town.country] else None

    def _town(self, phrase: Phrase) -> Town | None:
        """The longest run of words in the phrase that is a town's name, the rightmost of equal ones."""
        tokens, lexicon = self._scene.tokens, self._scene.lexicon
        for length in range(min(4, phrase.last - phrase.first + 1), 0, -1):
            for first in range(phrase.last - length + 1, phrase.first - 1, -1):
                token = tokens[first]
                if not token.capital or token.key in lexicon.not_names or (length == 1 and token.roles):
                    continue
                written = self._scene.text[token.start : tokens[first + length - 1].end]
                town = self._choose(self._gazetteer.find(written), alone=length == len(phrase.words))
                if town is not None:
                    return town
        return None

    def _choose(self, towns: list[Town], *, alone: bool) -> Town | None:
        named = [town for town in towns if self._scene.countries[town.country]]
        large = [town for town in towns if town.population >= _SMALL_TOWN or (alone and len(towns) == 1)]
        return next(iter(named or large), None)

    def _taken_up(self, phrase: Phrase, text: str) -> LinkedPlace:
        """ "dort", "das Land", "der Flughafen": the place last named that it may mean."""
        entry, rule = self._antecedent(phrase)
        if entry is None:
            return LinkedPlace(text, None, None, None, None, "not found")
        country = self._scene.lexicon.states.get(entry.code or "")
        named = self._country_word(phrase) and country is not None
        name = country.name if named and country else text
        position = country.position if named and country else None
        latitude, longitude = position or (None, None)
        return LinkedPlace(
            name, entry.country, latitude, longitude, self._gazetteer.country_id(entry.country) if named else None, rule
        )

    def _country_word(self, phrase: Phrase) -> bool:
        return len(phrase.words) == 1 and phrase.words[0].endswith(_COUNTRY_WORDS)

    def _antecedent(self, phrase: Phrase) -> tuple[Entry | None, str]:
        scene = self._scene
        key = scene.tokens[phrase.last].key
        roles = phrase.heads
        names = scene.lexicon.epithets.get(scene.tokens[roles[0][0]].key if roles else key)
        before = [m for m in scene.matches if m.first < phrase.first and m.entry.sort in _SORTS]
        if names is not None:
            meant = [m.entry for m in before if m.entry.name in names]
            if meant:
                return meant[-1], f"epithet of {meant[-1].name}"
        if key.endswith(_BORDERLAND):
            return self._region_before(phrase), "region named before"
        if key in _HOME:
            return self._best(before, phrase, oblique=False), "home of the party named before"
        if key in _THERE:
            placed = [m for m in before if m.entry.sort in ("region", "capital", "state")]
            return (placed[-1].entry if placed else None), "place named last"
        if key.startswith("nachbar"):
            return self._neighbour(before, phrase), "neighbour of the party named before"
        return self._best(before, phrase, oblique=True), "place named before"

    def _indefinite(self, phrase: Phrase) -> bool:
        """Whether the noun is brought in by "ein", so that no country named before is meant."""
        tokens = self._scene.tokens[max(0, phrase.last - 1) : phrase.last]
        return any(token.key in _INDEFINITE for token in tokens)

    def _region_before(self, phrase: Phrase) -> Entry | None:
        """The region named last within three sentences: which borderland is meant."""
        earliest = self._scene.sentence(phrase.first) - 3
        regions = [
            m for m in self._scene.matches if m.first < phrase.first and m.entry.sort == "region" and m.entry.country
        ]
        return next((m.entry for m in reversed(regions) if self._scene.sentence(m.first) >= earliest), None)

    def _neighbour(self, before: list[Match], phrase: Phrase) -> Entry | None:
        home = self._best(before, phrase, oblique=False)
        if home is None or home.country is None:
            return None
        around = self._gazetteer.neighbours(home.country)
        return next((m.entry for m in reversed(before) if m.entry.country in around), None) or self._best(
            [m for m in before if m.entry.country != home.country], phrase, oblique=True
        )

    def _best(self, matches: list[Match], phrase: Phrase, *, oblique: bool) -> Entry | None:
        """The most salient place: near, often named, and after in, nach, aus ... (oblique) or as a subject."""
        sentence = self._scene.sentence(phrase.first)
        best: tuple[float, Entry] | None = None
        for match in matches:
            entry = match.entry
            if entry.country is None and entry.sort != "region":
                continue
            often = log2(max(1, self._scene.countries[entry.country or ""]))
            placed = self._scene.preposition(match.first) in _SCENE
            score = -DISTANCE * (sentence - self._scene.sentence(match.first)) + FREQUENT * often
            score += PLACED * (placed == oblique) + PROPER * (entry.sort in ("region", "capital", "state"))
            if best is None or score >= best[0]:
                best = (score, entry)
        return best[1] if best else None
