"""The forms of a German verb, from the way the rule lexica write it.

Weak verbs follow Duden, *Die Grammatik*, "Konjugation"; of strong ones the lexicon gives the principal parts.
"""

import re
from dataclasses import dataclass

_ENTRY = re.compile(r"(?:(?P<particle>\w+)\|)?(?P<infinitive>\w+)(?: \((?P<parts>[^)]+)\))?$")
_NO_GE = re.compile(r"(?:be|ge|er|ver|zer|ent|emp|miss|über|unter|wider|hinter)|.*ieren$")


@dataclass(frozen=True)
class Verb:
    """A verb's forms, all in small letters.

    `finite` are the forms that stand apart from a separable `particle`; `joined` those that hold it (or all, if
    there is none): finite forms of a subordinate clause, participle, infinitives.
    """

    lemma: str
    particle: str | None
    finite: frozenset[str]
    joined: frozenset[str]


def parse_verb(entry: str) -> Verb:
    """Read an entry: "sagen", "an|kündigen", "sprechen (spricht/sprach/gesprochen)".

    Raises:
        ValueError: the entry has another form, with what is wrong.
    """
    match = _ENTRY.match(entry)
    if match is None or not match["infinitive"].endswith("n"):
        raise ValueError(f"{entry!r} is not an infinitive with an optional prefix and principal parts")
    infinitive, particle = match["infinitive"], match["particle"]
    parts = [part.strip() for part in (match["parts"] or "").split("/") if part.strip()]
    if len(parts) not in (0, 3):
        raise ValueError(f"{entry!r} needs three principal parts: present, past, participle")
    finite, participle = _strong(infinitive, parts) if parts else _weak(infinitive)
    if particle is None:
        return Verb(infinitive, None, finite, finite | {participle})
    joined = {particle + form for form in finite} | {particle + participle, f"{particle}zu{infinitive}"}
    return Verb(particle + infinitive, particle, finite, frozenset(joined))


def _stem(infinitive: str) -> str:
    return infinitive[:-2] if infinitive.endswith("en") else infinitive[:-1]


def _weak(infinitive: str) -> tuple[frozenset[str], str]:
    stem = _stem(infinitive)
    link = "e" if re.search(r"[dt]$|[^aeiouäöülrhmn][mn]$", stem) else ""
    finite = {infinitive, stem + "e", f"{stem}{link}t", f"{stem}{link}te", f"{stem}{link}ten"}
    participle = f"{'' if _NO_GE.match(infinitive) else 'ge'}{stem}{link}t"
    return frozenset(finite), participle


def _strong(infinitive: str, parts: list[str]) -> tuple[frozenset[str], str]:
    present, past, participle = parts
    plural = past + ("n" if past.endswith("e") else "en")
    return frozenset({infinitive, _stem(infinitive) + "e", present, past, plural}), participle
