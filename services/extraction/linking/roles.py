"""Whom a bare role word belongs to: "der Minister", "das Bündnis", "das Land", by what the article named before."""

from __future__ import annotations

from collections.abc import Callable

from services.extraction.linking.coreference import Mention, latest, most_salient
from services.extraction.linking.entries import Entry
from services.extraction.linking.grammar import head_gender
from services.extraction.linking.model import Kind
from services.extraction.linking.phrases import Phrase
from services.extraction.linking.scene import Scene

Groups = frozenset[str]
SPEAKING: Groups = frozenset(("officials", "envoys"))
_INDEFINITE = frozenset(("ein", "eine", "einer", "einem", "einen", "eines"))
_BOTH = frozenset(("beide", "beiden", "beider"))
_PLURAL_STATES = ("staaten", "laender", "laendern", "seiten", "nachbarn", "maechte")
_PLURAL_GROUPS = ("gruppen", "gruppierungen", "organisationen")
_SINGULAR_ARTICLES = frozenset(("dem", "des", "einem"))
_GROUP_WORDS = {"alliances": "alliance", "unions": "union", "fighters": "militia", "organisations": "organisation"}


class RoleResolver:
    """Finds the party behind a role noun; `mentions` are those read from the article so far."""

    def __init__(self, scene: Scene, mentions: list[Mention]) -> None:
        self._scene = scene
        self._mentions = mentions
        self._states = scene.lexicon.states

    def epithet(self, index: int) -> Entry | None:
        """The place or group that a word like "Inselstaat" or "Terrormiliz" may mean: the one named last."""
        key, lexicon = self._scene.tokens[index].key, self._scene.lexicon
        names = lexicon.epithets.get(key, frozenset())
        before = [m.entry for m in self._scene.matches if m.first < index and m.entry.name in names]
        return before[-1] if before else lexicon.by_name.get(lexicon.certain_epithets.get(key, ""))

    def several(self, phrase: Phrase, index: int, groups: Groups) -> bool:
        """Whether a plural names nobody: "zwölf Staaten"; "beide Länder" depends on the context."""
        key = self._scene.tokens[index].key
        words = {t.key for t in self._scene.tokens[max(0, phrase.first - 2) : index]}
        if words & _BOTH or (key == "nachbarn" and words & _SINGULAR_ARTICLES):
            return False
        if key.startswith("diplomaten") and index == phrase.first:
            return True
        if "organisations" in groups and key.endswith(_PLURAL_GROUPS):
            return True
        return bool(groups & {"states", "bodies"}) and key.endswith(_PLURAL_STATES)

    def antecedent(self, index: int, groups: Groups) -> Mention | None:
        """The mention that the role noun at a token belongs to, or None."""
        beside = self._left_attribute(index) or self._right_attribute(index)
        if beside is not None:
            return beside
        for group, word in _GROUP_WORDS.items():
            if group in groups:
                return self._group(index, word)
        if "documents" in groups:
            told = latest(self._mentions, index, lambda m: "documents" in m.groups and m.code is not None)
            return told or self._publisher(index)
        return self._country(index) if "states" in groups else self._office(index, groups)

    def _group(self, index: int, word: str) -> Mention | None:
        """An organisation or armed group named before; an alliance or union also after, by the tables."""
        codes = {entry.code for entry in self._scene.lexicon.organisations.values() if word in entry.stands_for}
        kinds = ("armed_group",) if word == "militia" else ("organisation", "armed_group")
        named = latest(self._mentions, index, lambda m: m.code in codes and word in ("alliance", "union"))
        before = named or latest(self._mentions, index, lambda m: m.kind in kinds and m.code is not None)
        if before is not None:
            return before
        code = next(
            (c for c, _ in self._scene.counts.most_common() if c in codes and word in ("alliance", "union")), None
        )
        entry = self._scene.lexicon.organisations.get(code or "")
        return self._standing_for(index, entry) if entry else None

    def _publisher(self, index: int) -> Mention | None:
        """The organisation named in this sentence or the two before: "der Bericht" is most likely its."""
        earliest = self._scene.sentence(index) - 2
        return latest(
            self._mentions,
            index,
            lambda m: m.kind == "organisation" and m.code is not None and m.sentence >= earliest,
        )

    def _country(self, index: int) -> Mention | None:
        def state(mention: Mention) -> bool:
            return mention.code in self._states

        if not self._scene.tokens[index].key.startswith("nachbar"):
            return self._salient(index, state)
        home = self._salient(index, lambda m: state(m) and not m.oblique)
        own = home.code if home else None
        return self._salient(index, lambda m: state(m) and m.code != own)

    def _office(self, index: int, groups: Groups) -> Mention | None:
        """A state's office, body or forces: the same one named before, else the most salient state's, else that of the
        state which the whole article names most."""
        same = None if self._new(index) else self._same(index, groups)
        host = self._host(index) if "envoys" in groups else None
        return same or self._salient(index, lambda m: m.code in self._states and m.code != host) or self._major()

    def _same(self, index: int, groups: Groups) -> Mention | None:
        head = self._scene.tokens[index].key
        gender = head_gender(head, self._scene.lexicon)
        of_state = bool(groups & {"bodies", "forces"})

        def fits(mention: Mention) -> bool:
            known = mention.code is not None and (mention.code in self._states or not of_state)
            return known and _same_head(mention, head, groups, gender)

        return latest(self._mentions, index, fits)

    def _salient(self, index: int, fits: Callable[[Mention], bool]) -> Mention | None:
        return most_salient(index, self._scene.sentence(index), self._mentions, fits)

    def _new(self, index: int) -> bool:
        """Whether "ein Sprecher" brings in somebody not named before."""
        return index > 0 and self._scene.tokens[index - 1].key in _INDEFINITE

    def _host(self, index: int) -> str | None:
        """The state that an envoy is sent to: "Botschaft in Washington"."""
        matches = self._scene.of_tokens(index, self._scene.with_attributes(index, index)).matches
        return matches[0].entry.code if matches else None

    def _left_attribute(self, index: int) -> Mention | None:
        """A nationality or genitive right before the role, outside the span given: "Russlands [Außenminister]"."""
        if self._scene.left(index) is None:
            return None
        match = next((m for m in self._scene.matches_ending(index - 1) if m.entry.code and not m.head), None)
        if match is None or match.entry.sort not in ("adjective", "state"):
            return None
        return None if self._scene.preposition(match.first) == "von" else self._standing_for(index, match.entry)

    def _right_attribute(self, index: int) -> Mention | None:
        """A genitive or "in <capital>" right after the role, outside the span given."""
        last = self._scene.with_attributes(index, index)
        match = self._scene.of_tokens(index, last).affiliation if last > index else None
        return self._standing_for(index, match.entry) if match is not None and match.entry.code else None

    def _major(self) -> Mention | None:
        """The state that an article (with its title) names most, for a role that comes before any state."""
        code = next((code for code, _ in self._scene.counts.most_common() if code in self._states), None)
        return self._standing_for(0, self._states[code]) if code else None

    def _standing_for(self, index: int, entry: Entry) -> Mention:
        none: Groups = frozenset()
        kind: Kind = entry.kind
        return Mention(
            index, index, self._scene.sentence(index), entry.name, entry.code, kind, none, "", none,
            subject=False, oblique=False, speaks=False, state_like=True,
        )  # fmt: skip


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
