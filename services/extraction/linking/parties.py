"""From a phrase to its party: by its own words, by the person it names, or by what the article named before."""

from __future__ import annotations

from collections.abc import Callable

from services.extraction.linking.coreference import POSSESSIVES, PRONOUNS, Mention, resolve_pronoun
from services.extraction.linking.grammar import head_gender
from services.extraction.linking.mentions import chunks_of, read_mentions
from services.extraction.linking.model import Kind, LinkedParty
from services.extraction.linking.persons import Person, Persons
from services.extraction.linking.phrases import Phrase
from services.extraction.linking.roles import SPEAKING, RoleResolver
from services.extraction.linking.scene import Scene
from services.extraction.linking.words import fold

_PLURAL_VERB = ("ten", "ben", "den", "sind", "len", "nen", "sen", "gen", "ren", "hen", "fen", "ken")
_SINGULAR_VERB = ("te", "at", "ist", "t", "rd", "ob", "og", "ief", "rf", "ab", "ie", "ach", "ieb")


class PartyLinker:
    """Resolves the party phrases of one scene; reads the article once when made.

    country_of: the country of a town by its name, None where it is unknown or ambiguous.
    """

    def __init__(self, scene: Scene, country_of: Callable[[Phrase], str | None]) -> None:
        self._scene = scene
        self._tokens = scene.tokens
        self._lexicon = scene.lexicon
        self._country_of = country_of
        self.mentions: list[Mention] = []
        self._roles = RoleResolver(scene, self.mentions)
        chunks = list(chunks_of(scene))
        self._persons = Persons(scene, chunks)
        read_mentions(scene, chunks, self._persons, self.mentions, self.link)

    def link(self, phrase: Phrase) -> LinkedParty:
        """The party of a phrase; mentions after it in the article never decide, save for a person's title."""
        steps: tuple[Callable[[Phrase], LinkedParty | None], ...] = (
            self._pronoun, self._possessed, self._without_code, self._named, self._person, self._role, self._town
        )  # fmt: skip
        for step in steps:
            party = step(phrase)
            if party is not None:
                return party
        return LinkedParty(self._base(phrase, "m"), None, "unknown", "not in the tables, no clue in the article")

    def _base(self, phrase: Phrase, gender: str) -> str:
        return phrase.base_form(self._scene.text, gender)

    def _gender(self, index: int) -> str:
        return head_gender(self._tokens[index].key, self._lexicon)

    # -- pronouns ------------------------------------------------------------------------------------------------

    def _pronoun(self, phrase: Phrase) -> LinkedParty | None:
        token = self._tokens[phrase.first]
        if phrase.first != phrase.last or token.key not in PRONOUNS:
            return None
        mention = self._antecedent(phrase.first)
        if mention is None:
            return LinkedParty(token.text, None, "unknown", "pronoun without antecedent")
        return LinkedParty(mention.name, mention.code, mention.kind, f"pronoun, stands for {mention.name!r}")

    def _antecedent(self, index: int) -> Mention | None:
        beside = self._tokens[max(0, index - 1) : index] + self._tokens[index + 1 : index + 2]
        said = any(t.key.startswith(self._lexicon.endings["speech"]) for t in beside)
        sentence = self._scene.sentence(index)
        word = self._tokens[index].key
        return resolve_pronoun(word, self.mentions, index, sentence, plural=self._plural_verb(index), said=said)

    def _plural_verb(self, index: int) -> bool | None:
        """Whether the verb next to "sie" is plural; None where neither neighbour looks like a verb."""
        for neighbour in (index + 1, index - 1):
            if 0 <= neighbour < len(self._tokens) and not self._tokens[neighbour].capital:
                key = self._tokens[neighbour].key
                if key.endswith(_PLURAL_VERB):
                    return True
                if key.endswith(_SINGULAR_VERB):
                    return False
        return None

    def _possessed(self, phrase: Phrase) -> LinkedParty | None:
        """ "sein Ministerium", "deren Sprecher", "unser Land": belongs where the pronoun's antecedent belongs."""
        words, index = phrase.words, phrase.first
        if words[0] not in POSSESSIVES:
            before = self._scene.left(index)
            if before is None or before.key not in POSSESSIVES:
                return None
            index -= 1
        elif len(words) < 2:
            return None
        if phrase.affiliation or phrase.nobody:
            return None
        owner = self._antecedent(index)
        if owner is None or owner.code is None or (phrase.name and phrase.name[0] < phrase.name[1]):
            return None
        groups = self._lexicon.role(words[-1])
        if "states" in groups and owner.code in self._lexicon.states:
            return LinkedParty(self._lexicon.states[owner.code].name, owner.code, "state", f"country of {owner.name!r}")
        kind: Kind = "person" if groups & SPEAKING else "state" if owner.kind == "person" else owner.kind
        return LinkedParty(self._base(phrase, "m"), owner.code, kind, f"possessive, belongs to {owner.name!r}")

    # -- names ---------------------------------------------------------------------------------------------------

    def _without_code(self, phrase: Phrase) -> LinkedParty | None:
        """Media and unnamed people: no code, even with a nationality ("russische Experten")."""
        if phrase.led:
            return LinkedParty(self._base(phrase, "f"), None, "unknown", "named by its leader only: no code")
        if any(m.entry.sort in ("organisation", "part") and m.entry.code for m in phrase.matches):
            return None
        medium = next((m.entry.name for m in phrase.matches if m.entry.sort == "media"), None)
        if medium is not None or self._medium(phrase):
            return LinkedParty(medium or self._base(phrase, "f"), None, "organisation", "medium: no code")
        if any(m.entry.sort == "generic" for m in phrase.matches) or self._unnamed(phrase):
            return LinkedParty(self._base(phrase, "p"), None, "unknown", "unnamed people: no code")
        return None

    def _unnamed(self, phrase: Phrase) -> bool:
        if phrase.open:
            return phrase.affiliation is None
        if not phrase.heads or "unnamed" not in phrase.heads[0][1]:
            return False
        index, groups = phrase.heads[0]
        return phrase.nobody or ("organisations" in groups and self._tokens[index].key.endswith("en"))

    def _medium(self, phrase: Phrase) -> bool:
        """Whether a word of the phrase or the one before it says that it is a newspaper, broadcaster or agency."""
        if any(map(self._lexicon.medium, phrase.words)):
            return True
        before = self._scene.left(phrase.first)
        quoted = before is not None and self._scene.text[self._tokens[phrase.first].start - 1] in '„“"»«'
        return quoted and before is not None and self._lexicon.medium(before.key)

    def _named(self, phrase: Phrase) -> LinkedParty | None:
        match = phrase.affiliation
        if match is None or match.entry.code is None:
            return None
        entry, roles, name = match.entry, phrase.heads, phrase.name
        rule = f"{entry.sort}: {entry.name}"
        if name is not None and (roles or match.head) and name[0] > match.last:
            return LinkedParty(self._full_name(name), entry.code, "person", f"person by title; {rule}")
        if not match.head and not roles and len(phrase.words) <= match.last - match.first + 1:
            return LinkedParty(entry.name, entry.code, entry.kind, rule)
        officials = any(groups & SPEAKING for _, groups in roles)
        gender = self._gender(roles[0][0]) if roles else "m"
        return LinkedParty(self._base(phrase, gender), entry.code, "person" if officials else entry.kind, rule)

    def _full_name(self, name: tuple[int, int]) -> str:
        written = self._scene.text[self._tokens[name[0]].start : self._tokens[name[1]].end]
        known = self._persons.find(self._tokens[name[1]].key)
        return known.name if known is not None and len(known.name) > len(written) else written

    def _person(self, phrase: Phrase) -> LinkedParty | None:
        name = phrase.name
        if name is None:
            return None
        known = self._persons.find(self._tokens[name[1]].key)
        listed = next((m for m in phrase.matches if m.entry.sort == "person" and m.last == name[1]), None)
        if listed is not None and not _same_person(self._full_name(name), listed.entry.name):
            listed = None
        if known is not None and (known.code is not None or known.unnamed) and not (listed and known.weak):
            return LinkedParty(known.name, known.code, "person", f"person, {known.rule}")
        if listed is not None:
            full = self._full_name(name) if name[0] < name[1] or known else listed.entry.name
            return LinkedParty(full, listed.entry.code, "person", "person of the tables")
        return self._titled(phrase, name) or self._untitled(phrase, name, known)

    def _titled(self, phrase: Phrase, name: tuple[int, int]) -> LinkedParty | None:
        """For "Außenminister X" without a state: whom the article would mean by "der Außenminister" here."""
        inside = next(((i, groups) for i, groups in phrase.heads if i < name[0]), None)
        office = inside or self._persons.office_before(name[0]) or self._persons.office_after(name[1])
        owner = self._roles.antecedent(*office) if office is not None and office[1] & SPEAKING else None
        if owner is None:
            return None
        full, rule = self._full_name(name), f"title as {owner.name!r}"
        self._persons.learn(self._tokens[name[1]].key, Person(full, owner.code, owner.gender, rule, weak=True))
        return LinkedParty(full, owner.code, "person", rule)

    def _untitled(self, phrase: Phrase, name: tuple[int, int], known: Person | None) -> LinkedParty | None:
        if any(not groups & SPEAKING for i, groups in phrase.heads if i < name[0]):
            return None
        if known is None and name[0] == name[1] and self._tokens[name[0]].entity != "PER":
            return None
        country = self._country_of(phrase) if known is None or name[0] == name[1] else None
        if country is not None and self._tokens[name[0]].entity != "PER":
            return self._from(country)
        return LinkedParty(self._full_name(name), None, "person", "person without title")

    # -- roles and towns -----------------------------------------------------------------------------------------

    def _role(self, phrase: Phrase) -> LinkedParty | None:
        if not phrase.heads:
            return None
        index, groups = phrase.heads[0]
        meant = self._roles.epithet(index)
        if meant is not None:
            office = bool(groups & SPEAKING)
            name = self._base(phrase, self._gender(index)) if office else meant.name
            return LinkedParty(name, meant.code, "person" if office else meant.kind, f"epithet of {meant.name}")
        if self._roles.several(phrase, index, groups):
            return LinkedParty(self._base(phrase, "p"), None, "unknown", "several, not named")
        owner = self._roles.antecedent(index, groups)
        return self._taken_up(phrase, owner) if owner is not None else None

    def _taken_up(self, phrase: Phrase, owner: Mention) -> LinkedParty:
        """The party of a role whose owner is known: the country, the group, the same person, or an office."""
        index, groups = phrase.heads[0]
        if "states" in groups and owner.code in self._lexicon.states:
            state = self._lexicon.states[owner.code]
            return LinkedParty(state.name, state.code, "state", f"the country named before: {state.name}")
        if groups & {"alliances", "organisations", "unions", "fighters"}:
            return LinkedParty(owner.name, owner.code, owner.kind, f"named before: {owner.name!r}")
        office = bool(groups & SPEAKING)
        same_person = office and owner.kind == "person" and owner.head
        name = owner.name if same_person else self._base(phrase, self._gender(index))
        kind: Kind = "person" if office else "state" if owner.kind == "person" else owner.kind
        return LinkedParty(name, owner.code, kind, f"role, as {owner.name!r}")

    def _town(self, phrase: Phrase) -> LinkedParty | None:
        country = self._country_of(phrase)
        return self._from(country) if country is not None else None

    def _from(self, country: str) -> LinkedParty | None:
        state = self._lexicon.states.get(country)
        return LinkedParty(state.name, state.code, "state", f"a town in {state.name}") if state else None


def _same_person(written: str, listed: str) -> bool:
    """Whether a name in the article may be a listed person: a bare surname, or one that shares a first name with it."""
    first, known = [fold(w) for w in written.split()[:-1]], {fold(w) for w in listed.split()}
    return not first or any(word in known for word in first)
