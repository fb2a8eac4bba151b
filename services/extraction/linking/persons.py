"""What an article tells of the persons it names: full name, gender, and the party that their titles give them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.extraction.linking.grammar import head_gender, person_gender
from services.extraction.linking.lexicon import Match
from services.extraction.linking.phrases import DETERMINERS, Phrase
from services.extraction.linking.scene import Scene
from services.extraction.linking.words import lower_ending


@dataclass(frozen=True, slots=True)
class Person:
    """The bearer of a surname in one article.

    rule: what gave the code; unnamed: an expert or private person, whose code is None for good; weak: the table of
    persons knows better.
    """

    name: str
    code: str | None
    gender: frozenset[str]
    rule: str
    unnamed: bool = False
    weak: bool = False


class Persons:
    """The persons of a scene by folded surname: found by titles and appositions anywhere in the article."""

    def __init__(self, scene: Scene, chunks: list[tuple[int, int]]) -> None:
        self._scene = scene
        self._chunks = chunks
        self._known: dict[str, Person] = {}
        for number, (first, last) in enumerate(chunks):
            phrase = scene.of_tokens(first, last)
            name = phrase.name
            if name is not None and (name[0] < name[1] or name[0] > first):
                self.learn(scene.tokens[name[1]].key, self._read(phrase, name, chunks[number - 1] if number else None))

    def find(self, key: str) -> Person | None:
        """The person of a folded surname, also in the genitive."""
        return self._known.get(key) or (self._known.get(key[:-1]) if key.endswith("s") else None)

    def learn(self, key: str, person: Person) -> None:
        """Keep what is new: a code where none was known, a longer name for the same party."""
        known = self._known.get(key)
        if known is None:
            self._known[key] = person
        elif known.code is None and not known.unnamed:
            name = max(known.name, person.name, key=len)
            self._known[key] = replace(person, name=name, gender=person.gender or known.gender)
        elif len(person.name) > len(known.name):
            self._known[key] = replace(known, name=person.name)

    def _read(self, phrase: Phrase, name: tuple[int, int], before: tuple[int, int] | None) -> Person:
        tokens, lexicon = self._scene.tokens, self._scene.lexicon
        written = self._scene.text[tokens[name[0]].start : tokens[name[1]].end]
        titles = [(i, groups) for i, groups in phrase.heads if i < name[0]]
        gender = person_gender(tokens[name[0]].text, lexicon) if name[0] < name[1] else frozenset("mf")
        if titles:
            gender = frozenset(head_gender(tokens[titles[-1][0]].key, lexicon)) & frozenset("mf") or gender
        if titles and titles[0][1] == {"unnamed"}:
            return Person(written, None, gender, "expert or private person: no code", unnamed=True)
        match, rule = self._evidence(phrase, name, before)
        if match is None:
            return Person(written, None, gender, "")
        return Person(written, match.entry.code, gender, f"{rule}: {match.entry.name}", weak=rule != "title")

    def _evidence(
        self, phrase: Phrase, name: tuple[int, int], before: tuple[int, int] | None
    ) -> tuple[Match | None, str]:
        scene = self._scene
        match = phrase.affiliation
        if match is not None and match.entry.code and self._is_title(phrase, match, name[0]):
            return match, "title"
        match = self._apposition(name[1])
        if match is not None:
            return match, "apposition"
        if before is not None and self._comma_between(before[1], phrase.first):
            earlier = scene.of_tokens(*before)
            if earlier.heads:
                return earlier.affiliation, "title before"
        return None, ""

    def _is_title(self, phrase: Phrase, match: Match, name: int) -> bool:
        """Whether the match belongs to what stands before the name as a title: it names an office itself, or an office
        stands in the phrase, or it stands right before the name ("die Deutsche Annegret Berger")."""
        roles = [i for i, _ in phrase.heads if i < name]
        compound = bool(match.head) and bool(self._scene.lexicon.role(match.head))
        return compound or bool(roles) or (match.last == name - 1 and not match.head)

    def _apposition(self, last: int) -> Match | None:
        """Affiliation in what follows a name: ", Sprecher des US-Außenministeriums," or "(SPD)"."""
        scene, index = self._scene, last + 1
        if index >= len(scene.tokens):
            return None
        between = scene.text[scene.tokens[last].end : scene.tokens[index].start].strip()
        if between == "(":
            return scene.of_tokens(index, scene.chunk(index)).affiliation
        if between != ",":
            return None
        while (
            index < len(scene.tokens) - 1 and scene.tokens[index].key in DETERMINERS and scene.joined(index, index + 1)
        ):
            index += 1
        phrase = scene.of_tokens(index, scene.with_attributes(index, scene.chunk(index)))
        first = next((i for i in range(phrase.first, phrase.last + 1) if scene.tokens[i].capital), phrase.first)
        office = scene.tokens[first].roles or any(m.first == first and m.head for m in phrase.matches)
        return phrase.affiliation if office else None

    def office_after(self, last: int) -> tuple[int, frozenset[str]] | None:
        """The office in an apposition after a name: "X, der Vorsitzende der Wahlkommission,"."""
        scene, index = self._scene, last + 1
        if index >= len(scene.tokens) or scene.text[scene.tokens[last].end : scene.tokens[index].start].strip() != ",":
            return None
        while index < len(scene.tokens) - 1 and not scene.tokens[index].capital and scene.joined(index, index + 1):
            if scene.tokens[index].key not in DETERMINERS and not lower_ending(scene.tokens[index].key):
                return None
            index += 1
        groups = scene.tokens[index].roles
        return (index, groups) if groups and scene.tokens[index].capital else None

    def office_before(self, first: int) -> tuple[int, frozenset[str]] | None:
        """The office before a name, or before a comma: "Außenminister X", "der Chefunterhändler der Regierung, X"."""
        scene, index = self._scene, first - 1
        if index < 0:
            return None
        groups = scene.tokens[index].roles
        if scene.joined(index, first):
            return (index, groups) if groups else None
        before = next(((a, b) for a, b in self._chunks if b == index), None)
        if before is None or not self._comma_between(index, first):
            return None
        return next(iter(scene.of_tokens(*before).heads), None)

    def _comma_between(self, left: int, right: int) -> bool:
        scene = self._scene
        between = scene.text[scene.tokens[left].end : scene.tokens[right].start]
        return between.startswith(",") and between[1:].strip().lower() in ("", "der", "die", "das")
