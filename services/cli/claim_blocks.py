"""Claims for people: each a few lines, who says what side by side."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, TypeAlias

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schemas import Claim, ClaimParty, ClaimPlace, Number, Position
from services.cli.tables import STATUS_STYLES, amount

UNKNOWN: Final = "?"
UNNAMED: Final = "unnamed source"
MOST_VOICES: Final = 8
"""How many of those who give one status are named; --json has all."""
Line: TypeAlias = tuple[Text, Text]
"""A label, and what it is about."""
ORDER: Final = ("actual", "planned", "possible", "denied")


def claim_block(claim: Claim) -> Padding:
    """The claim in lines: what happened, how well it is supported, who gives which status, who gives which number.

    Everything is shown as text: markup in an article's words stays as it is.
    """
    lines = Table.grid(padding=(0, 2, 0, 0))
    lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold")
    for label, words in (_seen(claim), *_statuses(claim.positions), *_numbers(claim.numbers)):
        lines.add_row(label, words)
    return Padding(Group(_headline(claim), Padding(lines, (0, 0, 0, 2))), (0, 0, 1, 0))


def _headline(claim: Claim) -> Text:
    actor = _names(claim.actor)
    if claim.type == "supply":
        what, where = "/".join(claim.categories) or "supply", f"→ {_names(claim.recipient)}"
    else:
        what = claim.movement or "deploy"
        where = f"{'←' if claim.movement == 'withdraw' else '→'} {_place(claim.place)}"
    goods = f": {', '.join(claim.goods[:3])}" if claim.goods else ""
    return Text(f"{actor} {where}", style="bold") + Text(f"   {claim.type}, {what}{goods}", style="not bold")


def _seen(claim: Claim) -> Line:
    seen = _span(claim.first_seen, claim.last_seen)
    told = _span(claim.first_day, claim.last_day)
    days = seen if told == seen else f"{seen}, told of {told}"
    line = Text(f"{days}; {_count(claim.articles, 'article')}, {_count(claim.sources, 'independent source')}")
    if claim.disagreement:
        line.append("; they disagree on ").append(" and ".join(claim.disagreement), style="yellow")
    return Text("seen", style="bold"), line


def _statuses(positions: Sequence[Position]) -> Iterator[Line]:
    for status in ORDER:
        voices = [_voice(position) for position in positions if position.status == status]
        if voices:
            yield Text(status, style=STATUS_STYLES[status]), _cut(voices)


def _cut(given: Sequence[str]) -> Text:
    more = f" and {len(given) - MOST_VOICES} more" if len(given) > MOST_VOICES else ""
    return Text("; ".join(given[:MOST_VOICES]) + more)


def _voice(position: Position) -> str:
    times = f" ×{position.articles}" if position.articles > 1 else ""
    how = f" ({', '.join(position.kinds)})" if {"confirm", "deny"} & set(position.kinds) else ""
    return f"{_said_by(position.said_by)}{how}{times}"


def _numbers(numbers: Sequence[Number]) -> Iterator[Line]:
    given = [f"{_said_by(number.said_by)}: {amount(number)}{_if_not_actual(number)}" for number in numbers]
    if given:
        yield Text("numbers", style="bold"), _cut(list(dict.fromkeys(given)))


def _if_not_actual(number: Number) -> str:
    return "" if number.status == "actual" else f" ({number.status})"


def _said_by(party: ClaimParty | None) -> str:
    return _names([party]) if party else UNNAMED


def _names(parties: Sequence[ClaimParty]) -> str:
    shown = (f"{one.name} ({one.code})" if one.code and one.code != one.name else one.name for one in parties)
    return ", ".join(shown) or UNKNOWN


def _place(place: ClaimPlace | None) -> str:
    if place is None:
        return UNKNOWN
    return f"{place.name} ({place.country})" if place.country else place.name


def _span(first: date, last: date) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
