"""Reads an article from left to right into the mentions of parties that pronouns and bare roles may take up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from services.extraction.linking.coreference import PRONOUNS, Mention
from services.extraction.linking.grammar import head_gender, person_gender
from services.extraction.linking.model import LinkedParty
from services.extraction.linking.persons import Persons
from services.extraction.linking.phrases import DETERMINERS, Phrase
from services.extraction.linking.scene import Scene

_OBLIQUE = frozenset(
    (
        "in",
        "im",
        "nach",
        "bei",
        "beim",
        "aus",
        "ueber",
        "an",
        "am",
        "vor",
        "gegen",
        "mit",
        "fuer",
        "von",
        "vom",
        "durch",
        "den",
        "dem",
        "des",
        "zu",
        "zur",
        "zum",
        "auf",
        "um",
    )
)
_STATE_SORTS = frozenset(("state", "adjective", "people", "capital", "seat"))
_GENDER = {"m": frozenset("m"), "f": frozenset("f"), "n": frozenset("n"), "pl": frozenset("p")}


def chunks_of(scene: Scene) -> Iterator[tuple[int, int]]:
    """Noun phrases that may name a party: with a name of the tables, a role noun, or two unknown capitalised words."""
    index = 0
    while index < len(scene.tokens):
        if not _opens(scene, index):
            index += 1
            continue
        end = scene.chunk(index)
        last = scene.with_attributes(index, end)
        yield _party_start(scene, index, end), last
        index = last + 1


def _party_start(scene: Scene, first: int, last: int) -> int:
    """Where the party begins in a chunk: "Am Mittwoch" or "Ersatz" before a name or role belongs to no party."""
    known = (i for i in range(first, last + 1) if i in scene.by_token or scene.tokens[i].roles)
    return next(known, first)


def _opens(scene: Scene, index: int) -> bool:
    token = scene.tokens[index]
    if index in scene.by_token or token.entity in ("PER", "ORG"):
        return True
    if not token.capital or token.text[0].isdigit() or token.key in PRONOUNS or token.key in scene.lexicon.not_names:
        return False
    return bool(token.roles) or scene.chunk(index) > index


def read_mentions(
    scene: Scene,
    chunks: list[tuple[int, int]],
    persons: Persons,
    mentions: list[Mention],
    link: Callable[[Phrase], LinkedParty],
) -> None:
    """Fill `mentions` in text order; `link` may look at those before."""
    for first, last in chunks:
        mention = _mention(scene, persons, scene.of_tokens(first, last), link)
        if mention:
            mentions.append(mention)


def _mention(scene: Scene, persons: Persons, phrase: Phrase, link: Callable[[Phrase], LinkedParty]) -> Mention | None:
    party = link(phrase)
    roles = phrase.heads
    if party.code is None and party.kind != "person" and not roles:
        return None
    match = phrase.affiliation
    head = _head(scene, phrase)
    speaks = _speaks(scene, phrase)
    return Mention(
        phrase.first, phrase.last, scene.sentence(phrase.first), party.name, party.code, party.kind,
        _gender(scene, persons, phrase, party), head, roles[0][1] if roles else frozenset(),
        _subject(scene, phrase), _oblique(scene, phrase), speaks,
        match is not None and match.entry.kind == "state" and match.entry.sort in _STATE_SORTS and not head,
        _voice(scene, phrase), bool(party.code or roles or speaks),
    )  # fmt: skip


def _gender(scene: Scene, persons: Persons, phrase: Phrase, party: LinkedParty) -> frozenset[str]:
    if party.kind == "person" and phrase.name is not None:
        known = persons.find(scene.tokens[phrase.name[1]].key)
        if known is not None:
            return known.gender
        first, last = phrase.name
        return person_gender(scene.tokens[first].text, scene.lexicon) if first < last else frozenset("mf")
    head = _head(scene, phrase)
    if head:
        return frozenset(head_gender(head, scene.lexicon))
    match = phrase.affiliation
    if match is None:
        return frozenset()
    return frozenset("p") if match.entry.sort == "people" else _GENDER.get(match.entry.gender, frozenset())


def _head(scene: Scene, phrase: Phrase) -> str:
    """The folded noun that carries the grammar: a role, or the last part of a compound."""
    if phrase.heads:
        return scene.tokens[phrase.heads[0][0]].key
    return phrase.affiliation.head if phrase.affiliation else ""


def _subject(scene: Scene, phrase: Phrase) -> bool:
    first = phrase.first
    while first > 0 and scene.joined(first - 1, first) and scene.tokens[first - 1].key in DETERMINERS:
        first -= 1
    opens = first == 0 or scene.sentence(first - 1) != scene.sentence(first)
    return opens and scene.tokens[first].key not in ("den", "dem", "des")


def _oblique(scene: Scene, phrase: Phrase) -> bool:
    first = phrase.first
    if _voice(scene, phrase):
        return False  # "In Moskau sprach der Außenminister": a capital after a preposition speaks, it suffers nothing
    return first > 0 and scene.joined(first - 1, first) and scene.tokens[first - 1].key in _OBLIQUE


def _voice(scene: Scene, phrase: Phrase) -> bool:
    match = phrase.affiliation
    return match is not None and match.entry.sort == "capital" and scene.preposition(phrase.first) in ("in", "aus")


def _speaks(scene: Scene, phrase: Phrase) -> bool:
    first, last, tokens = phrase.first, phrase.last, scene.tokens
    before = [tokens[i] for i in range(max(0, first - 3), first) if scene.sentence(i) == scene.sentence(first)]
    return any(token.key.startswith(scene.lexicon.endings["speech"]) for token in before + tokens[last + 1 : last + 3])
