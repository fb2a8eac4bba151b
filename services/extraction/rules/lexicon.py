"""The rule detector's words, read from ``data/rules_*.yaml`` and inflected."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from services.extraction.rules.inflection import Verb, parse_verb
from services.extraction.tables import read_table


@dataclass(frozen=True)
class Cue:
    """A verb with the label it gives (kind, movement or "supply") and what else its clause must hold."""

    verb: Verb
    label: str
    strict: bool


class Forms:
    """Cues by their forms: `apart` needs the separable particle elsewhere in the clause, `whole` does not."""

    def __init__(self, cues: Iterable[Cue]) -> None:
        self.apart: dict[str, list[Cue]] = {}
        self.whole: dict[str, Cue] = {}
        for cue in cues:
            for form in cue.verb.joined:
                self.whole.setdefault(form, cue)
            if cue.verb.particle:
                for form in cue.verb.finite:
                    self.apart.setdefault(form, []).append(cue)

    @property
    def words(self) -> frozenset[str]:
        """All forms."""
        return frozenset(self.apart) | frozenset(self.whole)


class Lexicon:
    """All lexica of the rule detector."""

    def __init__(self) -> None:
        said, done = read_table("rules_statements"), read_table("rules_events")
        clause_only = frozenset(said["clause_only"])
        self.statements = Forms(
            Cue(verb, kind, verb.lemma in clause_only)
            for kind, entries in said["verbs"].items()
            for verb in map(parse_verb, entries)
        )
        self.sources: Mapping[str, list[list[str]]] = {
            place: [phrase.lower().split() for phrase in phrases] for place, phrases in said["sources"].items()
        }
        self.speech_nouns = _by_noun(said["nouns"])
        deployment, self.supply = done["deployment"], done["supply"]
        self.forces = tuple(deployment["forces"])
        self.movements = Forms(_movements(deployment))
        self.movement_nouns = _by_noun({move: deployment[move]["nouns"] for move in ("deploy", "withdraw")})
        self.supplies = Forms(Cue(parse_verb(entry), "supply", True) for entry in self.supply["verbs"])
        self.supply_nouns = _by_noun({"supply": self.supply["nouns"]})
        self.supply_status = {lemma: status for status in ("planned", "possible") for lemma in self.supply[status]}
        self.receiving = frozenset(self.supply["receiving"])
        self.status = {name: frozenset(words) for name, words in done["status"].items()}
        subjunctive = read_table("reported_speech")["subjunctive"]
        self.subjunctive = frozenset(subjunctive)
        self.verbs = self.statements.words | self.movements.words | self.supplies.words | self.subjunctive


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lexica, read once."""
    return Lexicon()


def _movements(deployment: Mapping[str, Any]) -> Iterable[Cue]:
    for movement in ("deploy", "withdraw"):
        for entry in deployment[movement]["verbs"]:
            yield Cue(parse_verb(entry), movement, False)
        for entry in deployment[movement]["with_force"]:
            yield Cue(parse_verb(entry), movement, True)


def _by_noun(table: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {noun: label for label, nouns in table.items() for noun in nouns}
