"""Who "er", "sie" or "der Minister" is: the parties an article has named so far, and the choice among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import log2

from services.extraction.linking.model import Kind


def _pronouns() -> dict[str, frozenset[str]]:
    """Third-person and first-person pronouns with the genders (m, f, n, p for plural) they may take up."""
    table = {
        "m": "er ihn dieser jener den",
        "mn": "ihm sein seine seiner seines seinem seinen dessen dem",
        "n": "es das dieses",
        "fp": "sie ihr ihre ihrer ihres ihrem ihren deren diese die",
        "p": "ihnen denen beide",
        "mf": "ich mir mich mein meine meiner meinem meinen meines",
        "mfnp": "wir uns unser unsere unserer unserem unseren unseres man",
    }
    pronouns = {word: frozenset(genders) for genders, words in table.items() for word in words.split()}
    return pronouns | {"der": frozenset("mf")}


PRONOUNS = _pronouns()
POSSESSIVES = frozenset(
    w for w in PRONOUNS if w.startswith(("sein", "ihre", "unser", "mein")) or w in ("ihr", "dessen", "deren")
)
_FIRST_PERSON = frozenset(
    w for w in PRONOUNS if w.startswith(("unser", "mein")) or w in ("ich", "mir", "mich", "wir", "uns", "man")
)
_PERSONAL = frozenset(("er", "ihm", "ihn", "ich", "mir", "mich"))
# Weights of salience, tuned on the training articles: a sentence farther back, subject, after in/gegen/..., a capital's
# voice, each doubling of a party's mentions.
DISTANCE, SUBJECT, OBLIQUE, VOICE, FREQUENT = 1.5, 2.0, 2.5, 2.0, 1.0
_REACH = 8  # sentences; farther back a pronoun is not understood by readers either


@dataclass(frozen=True, slots=True)
class Mention:
    """A party named in the article at tokens first..last.

    gender: the genders it may have, of m, f, n, p; empty where unknown. head: its folded role noun, or "".
    subject: it opens its sentence or stands as subject; oblique: it follows in, nach, gegen ...; speaks: a verb of
    speech stands beside it; state_like: the phrase is just a state's name, adjective or capital; voice: a capital after
    in or aus ("In Moskau sprach der Außenminister"), which is whose voice is heard; sure: it is a party without doubt.
    """

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
    oblique: bool
    speaks: bool
    state_like: bool
    voice: bool = False
    sure: bool = True


def resolve_pronoun(
    word: str, mentions: list[Mention], position: int, sentence: int, *, plural: bool | None, said: bool
) -> Mention | None:
    """The mention a pronoun at token `position` stands for: compatible in gender and number, near, and salient.

    plural: what the verb beside "sie" says, None where it says nothing; said: that verb is one of speech.
    """
    genders = PRONOUNS[word]
    if plural is not None and genders == {"f", "p"}:
        genders = frozenset("p") if plural else frozenset("f")
    fitting = [
        m
        for m in mentions
        if m.last < position and sentence - m.sentence <= _REACH and (not m.gender or m.gender & genders)
    ]
    return _best(fitting, lambda m: _pronoun_score(m, word, sentence - m.sentence, said))


def _pronoun_score(mention: Mention, word: str, distance: int, said: bool) -> float:
    score = -2.0 * distance + 2.0 * mention.speaks + 1.5 * mention.subject - 2.0 * mention.oblique
    person = mention.kind == "person"
    if word in _PERSONAL:
        score += 6.0 if person else -6.0
    elif word in _FIRST_PERSON or word in POSSESSIVES:
        score += 2.0 * person
    elif word == "sie":
        score += (3.0 + 3.0 * said) * person
    return score - (0.0 if mention.gender else 2.0) - (0.0 if mention.sure else 3.0)


def most_salient(
    position: int, sentence: int, mentions: list[Mention], fits: Callable[[Mention], bool]
) -> Mention | None:
    """The mention before a token that a bare role most likely belongs to: near, subject, not just the scene."""
    fitting = [m for m in mentions if m.last < position and fits(m)]
    counts = Counter(m.code for m in fitting)

    def score(mention: Mention) -> float:
        often = log2(counts[mention.code])
        return (
            -DISTANCE * (sentence - mention.sentence)
            + SUBJECT * mention.subject
            - OBLIQUE * mention.oblique
            + VOICE * mention.voice
            + FREQUENT * often
        )

    return _best(fitting, score)


def latest(mentions: list[Mention], position: int, fits: Callable[[Mention], bool]) -> Mention | None:
    """The last mention before a token that fits."""
    return next((m for m in reversed(mentions) if m.last < position and fits(m)), None)


def _best(mentions: Iterable[Mention], score: Callable[[Mention], float]) -> Mention | None:
    best: tuple[float, Mention] | None = None
    for mention in mentions:
        value = score(mention)
        if best is None or value >= best[0]:
            best = (value, mention)
    return best[1] if best else None
