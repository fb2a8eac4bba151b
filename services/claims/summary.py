"""From the mentions of one happening to the claim that readers see."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final, TypeVar
from uuid import UUID

from schemas import (
    Claim,
    ClaimParty,
    ClaimPlace,
    Disagreement,
    Number,
    Position,
    Quantity,
    Report,
    StatementKind,
    Status,
    claim_id,
)
from services.claims.copies import sources
from services.claims.mentions import Mention, Voice

H = TypeVar("H", bound=Hashable)

MOST_POSITIONS: Final = 100
MOST_REPORTS: Final = 200
MOST_GOODS: Final = 10
"""What one message of the topic can hold; the counts tell all there is."""
APART: Final = 0.1
"""Share of the larger number by which two numbers must differ to disagree: "rund 500" and "480" do not."""
ASSERTED: Final[frozenset[Status]] = frozenset({"actual", "planned"})

_Said = tuple[ClaimParty | None, Status]


def first_of(mentions: Iterable[Mention]) -> Mention:
    """The mention that gives the claim its id."""
    return min(mentions, key=lambda mention: (mention.day, mention.event_id))


def summarise(mentions: Sequence[Mention], signatures: Mapping[str, str]) -> Claim:
    """The claim of these mentions, the same whatever their order.

    Args:
        mentions: of one happening, at least one.
        signatures: `copies.Signature.hashes` by article, as far as the texts are known.
    """
    ordered = sorted(mentions, key=lambda mention: (mention.published, mention.article.id, mention.event_id))
    origin = sources({mention.article.id: mention.article.source for mention in ordered}, signatures)
    said = _said(ordered)
    numbers = _numbers(ordered)
    days, seen = [mention.day for mention in ordered], [mention.published for mention in ordered]
    return Claim(
        claim_id=claim_id(UUID(first_of(ordered).event_id)),
        type=ordered[0].type,
        movement=ordered[0].movement,
        categories=tuple(_by_frequency(mention.category for mention in ordered if mention.category)),
        actor=_parties([party for mention in ordered for party in mention.actor]),
        recipient=_parties([party for mention in ordered for party in mention.recipient]),
        place=_place([mention.place for mention in ordered if mention.place]),
        goods=tuple(_by_frequency(mention.words for mention in ordered if mention.words)[:MOST_GOODS]),
        first_day=min(days),
        last_day=max(days),
        first_seen=min(seen),
        last_seen=max(seen),
        records=len(ordered),
        articles=len(origin),
        sources=len(set(origin.values())),
        disagreement=_disagreement(said, numbers),
        positions=_positions(said, origin),
        numbers=tuple(numbers[:MOST_POSITIONS]),
        reports=tuple(_report(mention, origin) for mention in reversed(ordered[-MOST_REPORTS:])),
    )


def _by_frequency(values: Iterable[H]) -> list[H]:
    counted = Counter(values)
    return sorted(counted, key=lambda value: (-counted[value], str(value)))


def _parties(parties: Sequence[ClaimParty]) -> tuple[ClaimParty, ...]:
    """Each party once, by its most frequent name."""
    names: dict[str, list[ClaimParty]] = {}
    for party in parties:
        names.setdefault(_key(party), []).append(party)
    return tuple(_by_frequency(names[key])[0] for key in sorted(names))


def _place(places: Sequence[ClaimPlace]) -> ClaimPlace | None:
    return _by_frequency(places)[0] if places else None


def _key(party: ClaimParty | None) -> str:
    """Who speaks for whom: of one state some officials deny what none of them would assert."""
    return "" if party is None else party.code or party.name.casefold()


def _said(mentions: Sequence[Mention]) -> dict[_Said, list[tuple[Mention, Voice]]]:
    said: dict[_Said, list[tuple[Mention, Voice]]] = {}
    for mention in mentions:
        for voice in mention.voices:
            said.setdefault((voice.said_by, voice.status), []).append((mention, voice))
    return said


def _positions(said: Mapping[_Said, list[tuple[Mention, Voice]]], origin: Mapping[str, int]) -> tuple[Position, ...]:
    positions = [_position(*key, told, origin) for key, told in said.items()]
    positions.sort(
        key=lambda one: (-one.sources, -one.articles, -one.records, one.first_seen, _label(one.said_by), one.status)
    )
    return tuple(positions[:MOST_POSITIONS])


def _position(
    said_by: ClaimParty | None, status: Status, told: Sequence[tuple[Mention, Voice]], origin: Mapping[str, int]
) -> Position:
    articles = {mention.article.id for mention, _ in told}
    kinds: set[StatementKind] = {voice.kind for _, voice in told if voice.kind}
    return Position(
        said_by=said_by,
        status=status,
        kinds=tuple(sorted(kinds)),
        records=len({mention.event_id for mention, _ in told}),
        articles=len(articles),
        sources=len({origin[article_id] for article_id in articles}),
        first_seen=min(mention.published for mention, _ in told),
        last_seen=max(mention.published for mention, _ in told),
    )


def _label(party: ClaimParty | None) -> tuple[str, str, str]:
    return ("", "", "") if party is None else (party.name, party.code or "", party.kind)


def _numbers(mentions: Sequence[Mention]) -> list[Number]:
    """Each number once for everybody who gives it, the smallest first."""
    given: dict[tuple[object, ...], tuple[Voice, Quantity, set[str]]] = {}
    for mention in mentions:
        if (quantity := mention.quantity) is None:
            continue
        for voice in mention.voices:
            bounds = (quantity.min, quantity.max, quantity.approximate, quantity.unit)
            key = (voice.said_by, voice.status, *bounds)
            given.setdefault(key, (voice, quantity, set()))[2].add(mention.article.id)
    found = [
        Number(
            said_by=voice.said_by,
            status=voice.status,
            text=quantity.text,
            min=quantity.min,
            max=quantity.max,
            approximate=quantity.approximate,
            unit=quantity.unit,
            articles=len(articles),
        )
        for voice, quantity, articles in given.values()
    ]
    return sorted(found, key=lambda one: (one.unit or "", _size(one) or 0, _label(one.said_by), one.status, one.text))


def _size(number: Number) -> float | None:
    """One figure for a range: its middle, or the bound that is known."""
    known = [bound for bound in (number.min, number.max) if bound is not None]
    return sum(known) / len(known) if known else None


def _disagreement(said: Iterable[_Said], numbers: Sequence[Number]) -> tuple[Disagreement, ...]:
    found: list[Disagreement] = []
    positions = [(_key(party), status) for party, status in said]
    deniers = {who for who, status in positions if status == "denied"}
    asserters = {who for who, status in positions if status in ASSERTED}
    # One who both asserts and denies contradicts nobody but the reading of one of the sentences.
    if any(who != other for who in deniers for other in asserters):
        found.append("status")
    if _numbers_differ(numbers):
        found.append("quantity")
    return tuple(found)


def _numbers_differ(numbers: Sequence[Number]) -> bool:
    """Whether two sources, be they of one state, give different numbers of the same unit for the same status."""
    kinds: dict[tuple[str | None, Status], list[tuple[float, str]]] = {}
    for number in numbers:
        if (size := _size(number)) is not None and number.status != "denied":
            kinds.setdefault((number.unit, number.status), []).append((size, " ".join(_label(number.said_by))))
    return any(_apart(sizes) for sizes in kinds.values())


def _apart(sizes: Sequence[tuple[float, str]]) -> bool:
    """Whether some number stands apart from the least that another source gives."""
    least: dict[str, float] = {}
    for size, who in sizes:
        least[who] = min(size, least.get(who, size))
    lowest = sorted((size, who) for who, size in least.items())[:2]
    return any(size - low > APART * size for size, who in sizes for low, other in lowest if other != who)


def _report(mention: Mention, origin: Mapping[str, int]) -> Report:
    return Report(
        event_id=UUID(mention.event_id),
        article=mention.article,
        status=mention.status,
        evidence=mention.evidence,
        source_number=origin[mention.article.id],
    )
