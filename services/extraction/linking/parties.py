"""From a phrase to its party: by its own words, by the person it names, or by what the article named before."""

from __future__ import annotations

from collections.abc import Callable

from services.extraction.linking.coreference import (
    POSSESSIVES,
    PRONOUNS,
    SPEECH,
    Mention,
    latest,
    most_salient,
    resolve_pronoun,
)
from services.extraction.linking.grammar import head_gender
from services.extraction.linking.lexicon import Entry
from services.extraction.linking.mentions import chunks_of, read_mentions
from services.extraction.linking.model import Kind, LinkedParty
from services.extraction.linking.persons import Person, Persons
from services.extraction.linking.phrases import (
    Phrase,
)
from services.extraction.linking.scene import Scene

Groups = frozenset[str]
_SPEAKING = frozenset(("officials", "envoys"))
_PLURAL_STATES = ("staaten", "laender", "laendern", "seiten", "nachbarn", "maechte")
_PLURAL_VERB = ("ten", "ben", "den", "sind", "len", "nen", "sen", "gen", "ren", "hen", "fen", "ken")
_SINGULAR_VERB = ("te", "at", "ist", "t", "rd", "ob", "og", "ief", "rf", "ab", "ie", "ach", "ieb")
_MEDIA_HEADS = ("zeitung", "magazin", "fernsehen", "medien", "sender", "rundfunk", "nachrichtenagentur")


class PartyLinker:
    """Resolves the party phrases of one scene; reads the article once when made."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._tokens = scene.tokens
        self._lexicon = scene.lexicon
        self.mentions: list[Mention] = []
        chunks = list(chunks_of(scene))
        self._persons = Persons(scene, chunks)
        read_mentions(scene, chunks, self._persons, self.mentions, self.link)

    def link(self, phrase: Phrase) -> LinkedParty:
        """The party of a phrase; mentions after it in the article never decide, save for a person's title."""
        steps: tuple[Callable[[Phrase], LinkedParty | None], ...] = (
            self._pronoun, self._possessed, self._without_code, self._named, self._person, self._role
        )  # fmt: skip
        for step in steps:
            party = step(phrase)
            if party is not None:
                return party
        return LinkedParty(self._base(phrase, "m"), None, "unknown", "not in the tables, no clue in the article")

    def _base(self, phrase: Phrase, gender: str) -> str:
        return phrase.base_form(self._scene.text, gender)

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
        word = self._tokens[index].key
        beside = self._tokens[max(0, index - 1) : index] + self._tokens[index + 1 : index + 2]
        said = any(t.key.startswith(SPEECH) for t in beside)
        return resolve_pronoun(word, self._plural_verb(index), said, index, self._scene.sentence(index), self.mentions)

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
        if words[0] not in POSSESSIVES and index > 0 and self._scene.joined(index - 1, index):
            index -= 1
            words = [self._tokens[index].key, *words]
        if len(words) < 2 or words[0] not in POSSESSIVES or phrase.affiliation or self._heads_unnamed(phrase):
            return None
        owner = self._antecedent(index)
        if owner is None or owner.code is None or (phrase.name and phrase.name[0] < phrase.name[1]):
            return None
        groups = self._lexicon.role(words[-1])
        if "states" in groups and owner.code in self._lexicon.states:
            return LinkedParty(self._lexicon.states[owner.code].name, owner.code, "state", f"country of {owner.name!r}")
        kind: Kind = "person" if groups & _SPEAKING else "state" if owner.kind == "person" else owner.kind
        return LinkedParty(self._base(phrase, "m"), owner.code, kind, f"possessive, belongs to {owner.name!r}")

    # -- names ---------------------------------------------------------------------------------------------------

    def _without_code(self, phrase: Phrase) -> LinkedParty | None:
        """Media and unnamed people: no code, even with a nationality ("russische Experten")."""
        if phrase.led:
            return LinkedParty(self._base(phrase, "f"), None, "unknown", "named by its leader only: no code")
        if any(m.entry.sort in ("organisation", "part") and m.entry.code for m in phrase.matches):
            return None
        medium = next((m.entry.name for m in phrase.matches if m.entry.sort == "media"), None)
        if medium is not None or any(self._medium(key) for key in phrase.words):
            return LinkedParty(medium or self._base(phrase, "f"), None, "organisation", "medium: no code")
        if self._unnamed(phrase):
            return LinkedParty(self._base(phrase, "p"), None, "unknown", "unnamed people: no code")
        return None

    def _unnamed(self, phrase: Phrase) -> bool:
        if any(m.entry.sort == "generic" for m in phrase.matches):
            return True
        roles = phrase.heads
        if phrase.open:
            return phrase.affiliation is None
        if not roles or "unnamed" not in roles[0][1]:
            return False
        key = self._tokens[roles[0][0]].key
        return roles[0][1] == {"unnamed"} or ("organisations" in roles[0][1] and key.endswith("en"))

    def _heads_unnamed(self, phrase: Phrase) -> bool:
        return bool(phrase.heads) and phrase.heads[0][1] == {"unnamed"}

    def _medium(self, key: str) -> bool:
        words = self._lexicon.media_words
        return key in words or key.rpartition("-")[2] in words or key.endswith(_MEDIA_HEADS)

    def _named(self, phrase: Phrase) -> LinkedParty | None:
        match = phrase.affiliation
        if match is None or match.entry.code is None:
            return None
        entry, roles = match.entry, phrase.heads
        rule = f"{entry.sort}: {entry.name}"
        name = phrase.name
        if name is not None and (roles or match.head) and name[0] > match.last:
            return LinkedParty(self._full_name(name), entry.code, "person", f"person by title; {rule}")
        if not match.head and not roles and len(phrase.words) <= match.last - match.first + 1:
            return LinkedParty(entry.name, entry.code, entry.kind, rule)
        officials = any(groups & _SPEAKING for _, groups in roles)
        gender = head_gender(self._tokens[roles[0][0]].key, self._lexicon) if roles else "m"
        return LinkedParty(self._base(phrase, gender), entry.code, "person" if officials else entry.kind, rule)

    def _full_name(self, name: tuple[int, int]) -> str:
        written = self._scene.text[self._tokens[name[0]].start : self._tokens[name[1]].end]
        known = self._persons.find(self._tokens[name[1]].key)
        return known.name if known is not None and len(known.name) > len(written) else written

    def _person(self, phrase: Phrase) -> LinkedParty | None:
        name = phrase.name
        if name is None:
            return None
        key = self._tokens[name[1]].key
        known = self._persons.find(key)
        listed = next((m for m in phrase.matches if m.entry.sort == "person"), None)
        weak = (
            listed is not None
            and known is not None
            and known.rule.startswith(("apposition", "title before", "title as"))
        )
        if known is not None and (known.code is not None or known.unnamed) and not weak:
            return LinkedParty(known.name, known.code, "person", f"person, {known.rule}")
        if listed is not None:
            full = self._full_name(name) if name[0] < name[1] or known else listed.entry.name
            return LinkedParty(full, listed.entry.code, "person", "person of the tables")
        titled = self._titled(phrase, name)
        if titled is not None:
            self._persons.learn(
                key, Person(self._full_name(name), titled.code, titled.gender, f"title as {titled.name!r}")
            )
            return LinkedParty(self._full_name(name), titled.code, "person", f"title as {titled.name!r}")
        body = any(not groups & _SPEAKING for i, groups in phrase.heads if i < name[0])
        if (known is not None or name[0] < name[1]) and not body:
            return LinkedParty(self._full_name(name), None, "person", "person without title")
        return None

    def _titled(self, phrase: Phrase, name: tuple[int, int]) -> Mention | None:
        """For "Außenminister X" without a state: whom the article would mean by "der Außenminister" here."""
        inside = next(((i, groups) for i, groups in phrase.heads if i < name[0]), None)
        office = inside or self._persons.office_before(name[0]) or self._persons.office_after(name[1])
        return self._role_antecedent(*office) if office is not None and office[1] & _SPEAKING else None

    # -- roles ---------------------------------------------------------------------------------------------------

    def _role(self, phrase: Phrase) -> LinkedParty | None:
        roles = phrase.heads
        if not roles:
            return None
        index, groups = roles[0]
        meant = self._epithet(index)
        if meant is not None:
            office = bool(groups & _SPEAKING)
            name = self._base(phrase, head_gender(self._tokens[index].key, self._lexicon)) if office else meant.name
            return LinkedParty(name, meant.code, "person" if office else meant.kind, f"epithet of {meant.name}")
        if self._several(phrase, index, groups):
            return LinkedParty(self._base(phrase, "p"), None, "unknown", "several, not named")
        antecedent = self._role_antecedent(index, groups)
        if antecedent is None:
            return None
        gender = head_gender(self._tokens[index].key, self._lexicon)
        if "states" in groups and antecedent.code in self._lexicon.states:
            state = self._lexicon.states[antecedent.code]
            return LinkedParty(state.name, state.code, "state", f"the country named before: {state.name}")
        if groups & {"alliances", "organisations", "unions", "fighters"}:
            return LinkedParty(antecedent.name, antecedent.code, antecedent.kind, f"named before: {antecedent.name!r}")
        person = bool(groups & _SPEAKING)
        name = (
            antecedent.name
            if person and antecedent.kind == "person" and antecedent.head
            else self._base(phrase, gender)
        )
        kind: Kind = "person" if person else "state" if antecedent.kind == "person" else antecedent.kind
        return LinkedParty(name, antecedent.code, kind, f"role, as {antecedent.name!r}")

    def _epithet(self, index: int) -> Entry | None:
        """The place or group last named that a word like "Inselstaat" or "Terrormiliz" may mean."""
        key = self._tokens[index].key
        names = self._lexicon.epithets.get(key, frozenset())
        before = [m.entry for m in self._scene.matches if m.first < index and m.entry.name in names]
        return before[-1] if before else self._lexicon.by_name.get(self._lexicon.certain_epithets.get(key, ""))

    def _several(self, phrase: Phrase, index: int, groups: Groups) -> bool:
        """Plurals like "zwölf Staaten", "bewaffnete Gruppen" name nobody; "beide Länder" is left to the context."""
        key = self._tokens[index].key
        words = {t.key for t in self._tokens[max(0, phrase.first - 2) : index]}
        if words & {"beide", "beiden", "beider"} or (key == "nachbarn" and words & {"dem", "des", "einem"}):
            return False
        if key.startswith("diplomaten") and index == phrase.first:
            return True
        plural_group = "organisations" in groups and key.endswith(("gruppen", "gruppierungen", "organisationen"))
        return plural_group or (bool(groups & {"states", "bodies"}) and key.endswith(_PLURAL_STATES))

    def _role_antecedent(self, index: int, groups: Groups) -> Mention | None:
        """Whom a bare role word belongs to, by what the article named before."""
        sentence = self._scene.sentence(index)
        attribute = self._right_attribute(index)
        if attribute is not None:
            return attribute
        fits = self._takes_up(groups)
        if fits is not None:
            return latest(self.mentions, index, fits)
        states = self._lexicon.states
        if "states" in groups and self._tokens[index].key.startswith("nachbar"):
            home = most_salient(
                index, sentence, self.mentions, lambda m: m.code in states and m.state_like and not m.oblique
            )
            own = home.code if home else None
            return most_salient(
                index, sentence, self.mentions, lambda m: m.code in states and m.state_like and m.code != own
            )
        if "states" in groups:
            return most_salient(index, sentence, self.mentions, lambda m: m.code in states and m.state_like)
        head = self._tokens[index].key
        bodily = bool(groups & {"bodies", "forces"})
        gender = head_gender(head, self._lexicon)
        new = index > 0 and self._tokens[index - 1].key in ("ein", "eine", "einer", "einem", "einen", "eines")
        same = (
            None
            if new
            else latest(
                self.mentions,
                index,
                lambda m: (
                    m.code is not None and (m.code in states or not bodily) and _same_head(m, head, groups, gender)
                ),
            )
        )
        return same or most_salient(index, sentence, self.mentions, lambda m: m.code in states) or self._major()

    def _takes_up(self, groups: Groups) -> Callable[[Mention], bool] | None:
        """What words for groups and texts may take up; None for offices and bodies of states."""
        if groups & {"alliances", "unions"}:
            return lambda m: m.kind == "organisation" and m.code is not None
        if "fighters" in groups:
            return lambda m: m.kind == "armed_group"
        if "organisations" in groups:
            return lambda m: m.kind in ("organisation", "armed_group") and m.code is not None
        if "documents" in groups:
            return lambda m: "documents" in m.groups and m.code is not None
        return None

    def _right_attribute(self, index: int) -> Mention | None:
        """A genitive or "in <capital>" right after the role, outside the span given."""
        scene = self._scene
        last = scene.with_attributes(index, index)
        match = scene.of_tokens(index, last).affiliation if last > index else None
        if match is None or match.entry.code is None:
            return None
        return self._standing_for(index, match.entry.code, match.entry.name, match.entry.kind)

    def _major(self) -> Mention | None:
        """The state that an article (with its title) names most, for a role that comes before any state."""
        state = next((code for code, _ in self._scene.counts.most_common() if code in self._lexicon.states), None)
        return self._standing_for(0, state, self._lexicon.states[state].name, "state") if state else None

    def _standing_for(self, index: int, code: str, name: str, kind: Kind) -> Mention:
        none: Groups = frozenset()
        sentence = self._scene.sentence(index) if self._tokens else 0
        return Mention(index, index, sentence, name, code, kind, none, "", none, False, False, False, True)


def _same_head(mention: Mention, head: str, groups: Groups, gender: str) -> bool:
    """Whether a later short role word takes up an earlier one: "Minister" after "Außenminister", "Diplomat" after
    "Botschafter"."""
    if mention.kind == "person" and gender in "mf" and mention.gender and gender not in mention.gender:
        return False
    if "envoys" in groups and "envoys" in mention.groups and mention.kind == "person":
        return True
    known = mention.head
    if not known or not head:
        return False
    short = head[:-1] if head.endswith(("s", "n")) and len(head) > 5 else head
    return known.endswith(short) or known.startswith(short) or head.endswith(known)
