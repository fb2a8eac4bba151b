"""Claims for people: each a few lines, who says what side by side."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schemas import Claim, Number, Position
from services.cli.tables import STATUS_STYLES
from services.report.wording import STATUSES, amount, headline, said_by, seen, voice

MOST_VOICES: Final = 8
"""How many of those who give one status are named; --json has all."""
Line: TypeAlias = tuple[Text, Text]
"""A label, and what it is about."""


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
    whom, what = headline(claim)
    return Text(whom, style="bold") + Text(f"   {what}", style="not bold")


def _seen(claim: Claim) -> Line:
    line = Text(seen(claim))
    if claim.disagreement:
        line.append("; they disagree on ").append(" and ".join(claim.disagreement), style="yellow")
    return Text("seen", style="bold"), line


def _statuses(positions: Sequence[Position]) -> Iterator[Line]:
    for status in STATUSES:
        voices = [voice(position) for position in positions if position.status == status]
        if voices:
            yield Text(status, style=STATUS_STYLES[status]), _cut(voices)


def _cut(given: Sequence[str]) -> Text:
    more = f" and {len(given) - MOST_VOICES} more" if len(given) > MOST_VOICES else ""
    return Text("; ".join(given[:MOST_VOICES]) + more)


def _numbers(numbers: Sequence[Number]) -> Iterator[Line]:
    given = [f"{said_by(number.said_by)}: {amount(number)}{_if_not_actual(number)}" for number in numbers]
    if given:
        yield Text("numbers", style="bold"), _cut(list(dict.fromkeys(given)))


def _if_not_actual(number: Number) -> str:
    return "" if number.status == "actual" else f" ({number.status})"
