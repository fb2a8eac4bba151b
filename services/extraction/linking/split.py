"""Takes a coordinated span apart into single mentions."""

from __future__ import annotations

import re

from services.extraction.linking.article import load_linker

_CUT = re.compile(r"\s*,\s*(?:und\s+|sowie\s+|oder\s+)?|\s+(?:und|sowie|oder|&|bzw\.|als auch)\s+")
_ARTICLE = r"(?:der|die|das|den|dem|des|ein|eine|einen|einem|einer|eines)"
_LEAD = re.compile(rf"(?:(?:{_ARTICLE}|auch|sowie|sowohl|von|vom|aus|mit|an|zwischen)\s+)+")
_RELATIVE = re.compile(r"(?:der|die|das|dem|den|deren|dessen)\s+[a-zäöüß]")
_POSSESSIVE = re.compile(r"(?:sein|ihr|dessen|deren|unser)\w*\s")
_ADJECTIVE = re.compile(r"[a-zäöüß][\w-]*(?:e|en|er|es|em)")
_ADJECTIVE_NOUN = re.compile(r"(?:[a-zäöüß][\w-]*(?:e|en|er|es|em)\s+)+[A-ZÄÖÜ]")
_CONJUNCTION = re.compile(r"und|sowie|oder|&|bzw|als auch")


def split_parties(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Single mentions of a coordinated span: "den USA, Kanada und Großbritannien" gives three.

    Offsets are code points of `text`, end exclusive. Not taken apart: truncated compounds ("Sicherheits- und
    Verteidigungsbeamte"), adjectives before one noun ("afghanische und ausländische Soldaten"), appositions ("Lawrow,
    der Außenminister"), a party and its own ("Kim Jong Un und seine Regierung"), and names of the tables with an "und"
    of their own ("Bosnien und Herzegowina"). Where nothing is coordinated, the span itself comes back, without an
    article at its beginning.
    """
    span = text[start:end]
    if not span.strip():
        return [(start, end)]
    kept = load_linker().joint_names(span)
    cuts = [m for m in _CUT.finditer(span) if _coordinates(span, m) and not any(a < m.start() < b for a, b in kept)]
    if not any(_CONJUNCTION.search(m.group()) for m in cuts):
        cuts = []
    borders = [0, *(border for cut in cuts for border in cut.span()), len(span)]
    pieces = list(zip(borders[::2], borders[1::2], strict=True))
    return [_trim(span, a, b, start, len(pieces) > 1) for a, b in pieces if span[a:b].strip()]


def _coordinates(span: str, cut: re.Match[str]) -> bool:
    left, right = span[: cut.start()], span[cut.end() :]
    if not left.strip() or not right.strip() or left.endswith("-"):
        return False
    if "," in cut.group() and _RELATIVE.match(right):
        return False
    bare = _LEAD.sub("", right, count=1)
    if _POSSESSIVE.match(bare):  # "Kim Jong Un und seine Regierung" is one party
        return False
    if _ADJECTIVE.fullmatch(bare):
        return True
    if _ADJECTIVE.fullmatch(left.split()[-1]) and _ADJECTIVE_NOUN.match(bare):
        return False
    return bool(bare[:1].isupper() or bare[:1] in '„“"»' or _POSSESSIVE.match(bare) or _ADJECTIVE_NOUN.match(bare))


def _trim(span: str, a: int, b: int, offset: int, coordinated: bool) -> tuple[int, int]:
    lead = _LEAD.match(span[a:b]) if coordinated or span[a : a + 1].islower() else None
    if lead and lead.end() < b - a:
        a += lead.end()
    while a < b and span[b - 1].isspace():
        b -= 1
    while a < b and span[a].isspace():
        a += 1
    return offset + a, offset + b
