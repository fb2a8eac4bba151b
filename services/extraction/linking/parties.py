"""From a phrase to its party: by its own words, by the person it names, or by what the article named before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.extraction.linking.coreference import (
    POSSESSIVES,
    PRONOUNS,
    Mention,
    latest,
    resolve_pronoun,
)
from services.extraction.linking.grammar import head_gender, person_gender
from services.extraction.linking.lexicon import Match
from services.extraction.linking.model import Kind, LinkedParty
from services.extraction.linking.phrases import DETERMINERS, Phrase, affiliation, base_form, heads, person_name
from services.extraction.linking.scene import Scene

_SPEECH = ("sagt", "erklaert", "teilt", "betont", "fordert", "warn", "berichte", "schrieb", "schreib", "sprach", "spricht", "kritisier",
           "fuegte", "kuendig", "beton", "aeusser", "meint", "bekraeft", "forder", "verlang", "beschuldig", "warf", "wirft", "wies",
           "bestaetig", "bestritt", "dementier", "nannte", "raeumte", "versicher", "mahnt", "rief", "hiess", "gab", "zufolge", "laut")  # fmt: skip
_STATE_SORTS = frozenset(("state", "adjective", "people", "capital", "seat"))
_GENDER = {"m": frozenset("m"), "f": frozenset("f"), "n": frozenset("n"), "pl": frozenset("p")}


@dataclass(frozen=True, slots=True)
class _Person:
    """What the article tells about the bearer of a surname."""

    name: str
    code: str | None
    gender: frozenset[str]
    rule: str


class PartyLinker:
    """Resolves the party phrases of one scene; reads the article once when made."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._lexicon = scene.lexicon
        self.mentions: list[Mention] = []
        self._persons: dict[str, _Person] = {}
        chunks = list(self._chunks())
        self._persons = self._collect_persons(chunks)
        for first, last in chunks:
            mention = self._mention(first, last)
            if mention:
                self.mentions.append(mention)

    # -- reading the article -------------------------------------------------------------------------------------

    def _chunks(self) -> Iterator[tuple[int, int]]:
        """Noun phrases that may name a party: each has a name of the tables, a role noun, or looks like a person."""
        scene, index = self._scene, 0
        while index < len(scene.tokens):
            if not self._opens(index):
                index += 1
                continue
            last = scene.chunk(index)
            full = scene.with_attributes(index, last)
            yield index, full
            index = full + 1

    def _opens(self, index: int) -> bool:
        token = self._scene.tokens[index]
        if index in self._scene.by_token:
            return True
        if not token.text[0].isupper() or token.key in DETERMINERS or token.key in PRONOUNS:
            return False
        return bool(self._lexicon.role(token.key)) or self._scene.chunk(index) > index

    def _collect_persons(self, chunks: list[tuple[int, int]]) -> dict[str, _Person]:
        found: dict[str, _Person] = {}
        for number, (first, last) in enumerate(chunks):
            phrase = self._scene.of_tokens(first, last)
            name = person_name(self._scene.tokens, phrase, self._lexicon)
            if name is None or (name[0] == name[1] and name[0] == first):
                continue
            person = self._person_here(phrase, name, chunks[number - 1] if number else None)
            known = found.get(self._scene.tokens[name[1]].key)
            if (
                known is None
                or (known.code is None and person.code)
                or len(person.name) > len(known.name)
                and person.code == known.code
            ):
                found[self._scene.tokens[name[1]].key] = person
        return found

    def _person_here(self, phrase: Phrase, name: tuple[int, int], before: tuple[int, int] | None) -> _Person:
        tokens, text = self._scene.tokens, self._scene.text
        written = text[tokens[name[0]].start : tokens[name[1]].end]
        gender = person_gender(tokens[name[0]].text, self._lexicon) if name[0] < name[1] else frozenset("mf")
        roles = [
            tokens[i].key
            for i, g in heads(tokens, phrase, self._lexicon)
            if g & {"officials", "envoys"} and i < name[0]
        ]
        if roles:
            gender = frozenset(head_gender(roles[-1], self._lexicon)) & frozenset("mf") or gender
        match = affiliation(tokens, phrase, self._lexicon)
        if match is not None and match.entry.code:
            return _Person(written, match.entry.code, gender, f"title: {match.entry.name}")
        apposition = self._apposition(name[1])
        if apposition is not None:
            return _Person(written, apposition.entry.code, gender, f"apposition: {apposition.entry.name}")
        if before is not None and self._comma_between(before[1], phrase.first):
            earlier = self._scene.of_tokens(*before)
            match = affiliation(tokens, earlier, self._lexicon)
            if match is not None and heads(tokens, earlier, self._lexicon):
                return _Person(written, match.entry.code, gender, f"title before: {match.entry.name}")
        return _Person(written, None, gender, "")

    def _apposition(self, last: int) -> Match | None:
        """Affiliation in what follows a name: ", Sprecher des US-Außenministeriums," or "(SPD)"."""
        scene = self._scene
        if last + 1 >= len(scene.tokens):
            return None
        between = scene.text[scene.tokens[last].end : scene.tokens[last + 1].start]
        index = last + 1
        if between.strip() == "(":
            return affiliation(scene.tokens, scene.of_tokens(index, scene.chunk(index)), self._lexicon)
        if between.strip() != ",":
            return None
        while (
            index < len(scene.tokens) - 1 and scene.tokens[index].key in DETERMINERS and scene.joined(index, index + 1)
        ):
            index += 1
        end = scene.with_attributes(index, scene.chunk(index))
        phrase = scene.of_tokens(index, end)
        roles = heads(scene.tokens, phrase, self._lexicon)
        return affiliation(scene.tokens, phrase, self._lexicon) if roles else None

    def _comma_between(self, left: int, right: int) -> bool:
        scene = self._scene
        between = scene.text[scene.tokens[left].end : scene.tokens[right].start]
        return between.strip() == "," or (
            between.startswith(",") and between[1:].strip(" ").lower() in ("der", "die", "das")
        )

    def _mention(self, first: int, last: int) -> Mention | None:
        scene = self._scene
        phrase = scene.of_tokens(first, last)
        party = self.link(phrase)
        if party.code is None and party.kind != "person" and not heads(scene.tokens, phrase, self._lexicon):
            return None
        roles = heads(scene.tokens, phrase, self._lexicon)
        head = scene.tokens[roles[0][0]].key if roles else ""
        groups = roles[0][1] if roles else frozenset()
        match = affiliation(scene.tokens, phrase, self._lexicon)
        if match is not None and match.head and not roles:
            head = match.head
        return Mention(
            first, last, scene.sentence(first), party.name, party.code, party.kind, self._gender(phrase, party, head, match), head,
            groups, self._subject(first), self._speaks(first, last),
            match is not None and match.entry.kind == "state" and match.entry.sort in _STATE_SORTS,
        )  # fmt: skip

    def _gender(self, phrase: Phrase, party: LinkedParty, head: str, match: Match | None) -> frozenset[str]:
        tokens = self._scene.tokens
        name = person_name(tokens, phrase, self._lexicon)
        if party.kind == "person" and name is not None:
            known = self._persons.get(tokens[name[1]].key)
            if known is not None:
                return known.gender
            return person_gender(tokens[name[0]].text, self._lexicon) if name[0] < name[1] else frozenset("mf")
        if head:
            return frozenset(head_gender(head, self._lexicon))
        if match is not None:
            if match.entry.sort == "people":
                return frozenset("p")
            return _GENDER.get(match.entry.gender, frozenset("?"))
        return frozenset("?")

    def _subject(self, first: int) -> bool:
        scene = self._scene
        while first > 0 and scene.joined(first - 1, first) and scene.tokens[first - 1].key in DETERMINERS:
            first -= 1
        article = scene.tokens[first].key
        at_start = first == 0 or scene.sentence(first - 1) != scene.sentence(first)
        return at_start and article not in ("den", "dem", "des")

    def _speaks(self, first: int, last: int) -> bool:
        tokens = self._scene.tokens
        around = tokens[max(0, first - 3) : first] + tokens[last + 1 : last + 3]
        return any(token.key.startswith(_SPEECH) for token in around)

    # -- one phrase ----------------------------------------------------------------------------------------------

    def link(self, phrase: Phrase) -> LinkedParty:
        """The party of a phrase; mentions after it in the article never decide, save for a person's title."""
        return (
            self._pronoun(phrase)
            or self._without_code(phrase)
            or self._possessed(phrase)
            or self._named(phrase)
            or self._person(phrase)
            or self._role(phrase)
            or LinkedParty(self._base(phrase, "m"), None, "unknown", "not in the tables, no clue in the article")
        )

    def _words(self, phrase: Phrase) -> list[str]:
        keys = [t.key for t in self._scene.tokens[phrase.first : phrase.last + 1]]
        while len(keys) > 1 and keys[0] in DETERMINERS:
            keys.pop(0)
        return keys

    def _base(self, phrase: Phrase, gender: str) -> str:
        return base_form(self._scene.text, self._scene.tokens, phrase, gender)

    def _pronoun(self, phrase: Phrase) -> LinkedParty | None:
        if phrase.first != phrase.last:
            return None
        word = self._scene.tokens[phrase.first].key
        if word not in PRONOUNS:
            return None
        mention = self._antecedent(phrase.first)
        if mention is None:
            return LinkedParty(self._scene.tokens[phrase.first].text, None, "unknown", "pronoun without antecedent")
        return LinkedParty(mention.name, mention.code, mention.kind, f"pronoun, stands for {mention.name!r}")

    def _antecedent(self, index: int) -> Mention | None:
        word = self._scene.tokens[index].key
        return resolve_pronoun(word, self._plural_verb(index), index, self._scene.sentence(index), self.mentions)

    def _plural_verb(self, index: int) -> bool | None:
        """Whether the verb next to "sie" is plural; None where neither neighbour looks like a verb."""
        tokens = self._scene.tokens
        for neighbour in (index + 1, index - 1):
            if 0 <= neighbour < len(tokens) and tokens[neighbour].text[0].islower():
                key = tokens[neighbour].key
                if key.endswith(("ten", "ben", "den", "sind", "len", "nen", "sen", "gen", "ren", "hen", "fen", "ken")):
                    return True
                if key.endswith(("te", "at", "ist", "t", "rd", "ob", "og", "ief", "rf", "ab", "ie", "ach", "ieb")):
                    return False
        return None

    def _without_code(self, phrase: Phrase) -> LinkedParty | None:
        """Media and unnamed people: no code, even with a nationality ("russische Experten")."""
        organised = any(m.entry.kind in ("organisation", "armed_group") and m.entry.code for m in phrase.matches)
        media = any(m.entry.sort == "media" for m in phrase.matches) and not organised
        if media or any(self._medium(key) for key in self._words(phrase)) and not organised:
            name = next((m.entry.name for m in phrase.matches if m.entry.sort == "media"), self._base(phrase, "f"))
            return LinkedParty(name, None, "organisation", "medium: no code")
        generic = next((m for m in phrase.matches if m.entry.sort == "generic"), None)
        if generic is not None and not organised:
            return LinkedParty(
                self._base(phrase, "pl"), None, "unknown", f"unnamed people ({generic.entry.name}): no code"
            )
        return None

    def _medium(self, key: str) -> bool:
        words = self._lexicon.media_words
        return (
            key in words
            or key.rpartition("-")[2] in words
            or key.endswith(("zeitung", "magazin", "fernsehen", "medien", "sender", "rundfunk"))
        )

    def _possessed(self, phrase: Phrase) -> LinkedParty | None:
        """ "sein Ministerium", "deren Sprecher", "unser Land": belongs where the pronoun's antecedent belongs."""
        words = self._words(phrase)
        index = phrase.first
        if words[0] not in POSSESSIVES and index > 0 and self._scene.joined(index - 1, index):
            index -= 1
            words = [self._scene.tokens[index].key, *words]
        if len(words) < 2 or words[0] not in POSSESSIVES or affiliation(self._scene.tokens, phrase, self._lexicon):
            return None
        owner = self._antecedent(index)
        if owner is None or owner.code is None or person_name(self._scene.tokens, phrase, self._lexicon):
            return None
        groups = self._lexicon.role(words[-1])
        if "states" in groups and owner.code in self._lexicon.states:
            return LinkedParty(self._lexicon.states[owner.code].name, owner.code, "state", f"country of {owner.name!r}")
        kind: Kind = "person" if groups & {"officials", "envoys"} else owner.kind if owner.kind != "person" else "state"
        return LinkedParty(self._base(phrase, "m"), owner.code, kind, f"possessive, belongs to {owner.name!r}")

    def _named(self, phrase: Phrase) -> LinkedParty | None:
        match = affiliation(self._scene.tokens, phrase, self._lexicon)
        if match is None or match.entry.code is None:
            return None
        entry = match.entry
        rule = f"{entry.sort}: {entry.name}"
        name = person_name(self._scene.tokens, phrase, self._lexicon)
        if name is not None and heads(self._scene.tokens, phrase, self._lexicon) and name[0] > match.last:
            return LinkedParty(self._full_name(name), entry.code, "person", f"person by title; {rule}")
        roles = heads(self._scene.tokens, phrase, self._lexicon)
        if (
            not match.head
            and not roles
            and match.last == phrase.last
            and len(self._words(phrase)) <= match.last - match.first + 1
        ):
            return LinkedParty(entry.name, entry.code, entry.kind, rule)
        officials = any(groups & {"officials", "envoys"} for _, groups in roles)
        gender = head_gender(self._scene.tokens[roles[0][0]].key, self._lexicon) if roles else "m"
        return LinkedParty(
            self._base(phrase, "pl" if gender == "p" else gender),
            entry.code,
            "person" if officials else entry.kind,
            rule,
        )

    def _full_name(self, name: tuple[int, int]) -> str:
        tokens = self._scene.tokens
        written = self._scene.text[tokens[name[0]].start : tokens[name[1]].end]
        known = self._persons.get(tokens[name[1]].key)
        return known.name if known is not None and len(known.name) > len(written) else written

    def _person(self, phrase: Phrase) -> LinkedParty | None:
        name = person_name(self._scene.tokens, phrase, self._lexicon)
        if name is None:
            return None
        tokens = self._scene.tokens
        key = tokens[name[1]].key
        listed = next((m for m in phrase.matches if m.entry.sort == "person"), None)
        for candidate in (key, key[:-1] if key.endswith("s") else key):
            known = self._persons.get(candidate)
            if known is not None and known.code is not None:
                return LinkedParty(known.name, known.code, "person", f"person, {known.rule}")
        if listed is not None:
            return LinkedParty(listed.entry.name, listed.entry.code, "person", "person of the tables")
        if self._persons.get(key) or name[0] < name[1]:
            roles = heads(tokens, phrase, self._lexicon)
            code, rule = (None, "person without title")
            if roles:
                antecedent = self._role_antecedent(roles[0][0], roles[0][1])
                code, rule = (antecedent.code, f"title as {antecedent.name!r}") if antecedent else (None, rule)
            return LinkedParty(self._full_name(name), code, "person", rule)
        return None

    def _role(self, phrase: Phrase) -> LinkedParty | None:
        roles = heads(self._scene.tokens, phrase, self._lexicon)
        if not roles:
            return None
        index, groups = roles[0]
        antecedent = self._role_antecedent(index, groups)
        if antecedent is None:
            return None
        gender = head_gender(self._scene.tokens[index].key, self._lexicon)
        if "states" in groups and antecedent.code in self._lexicon.states:
            state = self._lexicon.states[antecedent.code]
            return LinkedParty(state.name, state.code, "state", f"the country named before: {state.name}")
        if groups & {"alliances", "organisations", "unions", "fighters"}:
            return LinkedParty(antecedent.name, antecedent.code, antecedent.kind, f"named before: {antecedent.name!r}")
        same = antecedent.head and antecedent.kind == "person" and groups & {"officials", "envoys"}
        name = antecedent.name if same else self._base(phrase, "pl" if gender == "p" else gender)
        kind: Kind = (
            "person"
            if groups & {"officials", "envoys"}
            else "state"
            if antecedent.kind == "person"
            else antecedent.kind
        )
        return LinkedParty(name, antecedent.code, kind, f"role, as {antecedent.name!r}")

    def _role_antecedent(self, index: int, groups: frozenset[str]) -> Mention | None:
        """Whom a bare role word belongs to, by what the article named before (and, failing that, next after)."""
        position = index
        if "alliances" in groups or "unions" in groups:
            return latest(self.mentions, position, lambda m: m.kind == "organisation" and m.code is not None)
        if "fighters" in groups:
            return latest(self.mentions, position, lambda m: m.kind == "armed_group")
        if "organisations" in groups:
            return latest(
                self.mentions, position, lambda m: m.kind in ("organisation", "armed_group") and m.code is not None
            )
        if "documents" in groups:
            return latest(self.mentions, position, lambda m: "documents" in m.groups and m.code is not None)
        right = self._right_attribute(index)
        if right is not None:
            return right
        head = self._scene.tokens[index].key
        same = latest(self.mentions, position, lambda m: m.code is not None and _same_head(m.head, head))
        if same is not None and "states" not in groups:
            return same
        return latest(
            self.mentions, position, lambda m: m.code in self._lexicon.states and "states" in groups and m.state_like
        ) or latest(self.mentions, position, lambda m: m.code in self._lexicon.states)

    def _right_attribute(self, index: int) -> Mention | None:
        """A genitive or "in <capital>" right after the role, outside the span given."""
        scene = self._scene
        last = scene.with_attributes(index, index)
        if last == index:
            return None
        phrase = scene.of_tokens(index, last)
        match = affiliation(scene.tokens, phrase, self._lexicon)
        if match is None or match.entry.code is None:
            return None
        entry = match.entry
        return Mention(
            index,
            last,
            scene.sentence(index),
            entry.name,
            entry.code,
            entry.kind,
            frozenset("?"),
            "",
            frozenset(),
            False,
            False,
            True,
        )


def _same_head(known: str, head: str) -> bool:
    """Whether a later short role word takes up an earlier one: "Minister" after "Außenminister"."""
    if not known or not head:
        return False
    short = head[:-1] if head.endswith(("s", "n")) and len(head) > 5 else head
    return known.endswith(short) or known.startswith(short) or head.endswith(known)
