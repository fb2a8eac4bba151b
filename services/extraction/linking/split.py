"""Takes a coordinated span apart into single mentions."""

from __future__ import annotations

import re

_CUT = re.compile(r"\s*,\s*(?:und\s+|sowie\s+|oder\s+)?|\s+(?:und|sowie|oder|&|bzw\.|sowohl|als auch)\s+")
_LEAD = re.compile(r"(?:(?:der|die|das|den|dem|des|auch|sowie|von|vom|aus|mit|an|zwischen)\s+)+")
_RELATIVE = re.compile(r"(?:der|die|das|dem|den|deren|dessen)\s+[a-zäöüß]")
_POSSESSIVE = re.compile(r"(?:sein|ihr|dessen|deren|unser)\w*\s")


def split_parties(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Single mentions of a coordinated span: "den USA, Kanada und Großbritannien" gives three.

    Offsets are code points of `text`, end exclusive. Not taken apart: truncated compounds ("Sicherheits- und
    Verteidigungsbeamte"), appositions ("Lawrow, der Außenminister"), parts that are no name by themselves. The
    span itself, without leading article, where nothing is coordinated.
    """
    span = text[start:end]
    cuts = [m for m in _CUT.finditer(span) if _coordinates(span, m)]
    if not any("," not in m.group() or re.search(r"und|sowie|oder", m.group()) for m in cuts):
        cuts = []
    pieces, position = [], 0
    for cut in cuts:
        pieces.append((position, cut.start()))
        position = cut.end()
    pieces.append((position, len(span)))
    return [_trim(span, a, b, start, len(pieces) > 1) for a, b in pieces if span[a:b].strip()] or [(start, end)]


def _coordinates(span: str, cut: re.Match[str]) -> bool:
    left, right = span[: cut.start()], span[cut.end() :]
    if not left.strip() or not right.strip() or left.endswith("-"):
        return False
    if _RELATIVE.match(right) and "," in cut.group():
        return False
    bare = _LEAD.sub("", right, count=1)
    return bool(bare[:1].isupper() or _POSSESSIVE.match(bare) or re.match(r"\w+(?:isch|deutsch)\w*\s+[A-ZÄÖÜ]", bare))


def _trim(span: str, a: int, b: int, offset: int, coordinated: bool) -> tuple[int, int]:
    lead = _LEAD.match(span[a:b]) if coordinated or span[a : a + 1].islower() else None
    if lead and lead.end() < b - a:
        a += lead.end()
    while a < b and span[b - 1].isspace():
        b -= 1
    return offset + a, offset + b
