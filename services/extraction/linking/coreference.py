"""Who "er", "sie", "der Minister" or "das Bündnis" is: the parties an article has named so far, and the choice among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from services.extraction.linking.model import Kind

Gender = Literal["m", "f", "n", "pl", "?"]
Sex = frozenset[str]

PRONOUNS: dict[str, frozenset[str]] = {
    "er": frozenset("m"), "ihm": frozenset("mn"), "ihn": frozenset("m"), "sein": frozenset("mn"),
    "seine": frozenset("mn"), "seiner": frozenset("mn"), "seines": frozenset("mn"), "seinem": frozenset("mn"),
    "seinen": frozenset("mn"), "sie": frozenset("fp"), "ihr": frozenset("fp"), "ihre": frozenset("fp"),
    "ihrer": frozenset("fp"), "ihres": frozenset("fp"), "ihrem": frozenset("fp"), "ihren": frozenset("fp"),
    "ihnen": frozenset("p"), "es": frozenset("n"), "dessen": frozenset("mn"), "deren": frozenset("fp"),
    "dieser": frozenset("m"), "diese": frozenset("fp"), "ich": frozenset("mf"), "mir": frozenset("mf"),
    "mich": frozenset("mf"), "mein": frozenset("mf"), "meine": frozenset("mf"), "wir": frozenset("mfnp"),
    "uns": frozenset("mfnp"), "unser": frozenset("mfnp"), "unsere": frozenset("mfnp"), "unserer": frozenset("mfnp"),
    "unserem": frozenset("mfnp"), "unseren": frozenset("mfnp"), "unseres": frozenset("mfnp"),
    "man": frozenset("mfnp"), "beide": frozenset("p"), "jener": frozenset("m"), "der": frozenset("m"),
    "die": frozenset("fp"), "das": frozenset("n"), "denen": frozenset("p"), "dem": frozenset("mn"), "den": frozenset("m"),
}  # fmt: skip
POSSESSIVES = frozenset(
    "sein seine seiner seines seinem seinen ihr ihre ihrer ihres ihrem ihren dessen deren unser unsere unserer unserem "
    "unseren unseres mein meine meiner meinem meinen meines".split()
)
FIRST_PERSON = frozenset("ich mir mich mein meine wir uns unser unsere unserer unserem unseren unseres man".split())


@dataclass(frozen=True, slots=True)
class Mention:
    """A party named in the article at tokens first..last; gender "p" for plurals; head: folded role noun or ""."""

    first: int
    last: int
    sentence: int
    name: str
    code: str | None
    kind: Kind
    gender: frozenset[str]
    head: str
    groups: frozenset[str]
    subject: bool
    speaks: bool
    state_like: bool


def resolve_pronoun(
    word: str, plural: bool | None, position: int, sentence: int, mentions: list[Mention]
) -> Mention | None:
    """The mention a pronoun stands for: compatible in gender and number, in the latest sentences, persons and subjects
    and those who speak before others.

    plural: what the verb beside "sie" says, None where it says nothing.
    """
    genders = PRONOUNS[word]
    if plural is not None and genders >= {"f", "p"}:
        genders = frozenset("p") if plural else frozenset("f")
    best: tuple[float, Mention] | None = None
    for mention in reversed(mentions):
        if mention.last >= position:
            continue
        distance = sentence - mention.sentence
        if distance > 6 and best is not None:
            break
        if not (mention.gender & genders or "?" in mention.gender):
            continue
        score = _salience(mention, word, distance)
        if best is None or score > best[0]:
            best = (score, mention)
    return best[1] if best else None


def _salience(mention: Mention, word: str, distance: int) -> float:
    score = -2.0 * distance
    score += 2.0 * mention.speaks + 1.5 * mention.subject
    if word in ("er", "ihm", "ihn", "ich", "mir", "mich"):
        score += 6.0 if mention.kind == "person" else -6.0
    elif word in FIRST_PERSON or word.startswith("sie") or word in POSSESSIVES:
        score += 2.0 if mention.kind == "person" else 0.0
    if "?" in mention.gender:
        score -= 1.0
    return score


def latest(mentions: list[Mention], position: int, fits: Callable[[Mention], bool]) -> Mention | None:
    """The last mention before a token that fits."""
    for mention in reversed(mentions):
        if mention.last < position and fits(mention):
            return mention
    return None
