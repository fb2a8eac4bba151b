"""Event records as a table for people: who, what, where, how many, and who says so."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from schemas import DeploymentEvent, Event, Number, Party, Place, Quantity, Span, StatementEvent, SupplyEvent

UNKNOWN = "–"
STATUS_STYLES = {"actual": "green", "planned": "cyan", "possible": "yellow", "denied": "red"}
LONGEST_QUOTE = 100
"""Code points of a statement's content that are shown; the record has it all."""


def records_table(events: Iterable[Event], title: str | None = None) -> Table:
    """A table with one row for each record, in the order given.

    The columns: type, who (actor, supplier or speaker), what (force, goods or content), where or to whom,
    how many, status, and who says so. Everything is shown as text: markup in an article's words stays as it is.
    """
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("type", no_wrap=True)
    table.add_column("who", min_width=9, max_width=28, overflow="fold")
    table.add_column("what", min_width=14, max_width=56, overflow="fold")
    table.add_column("where, to whom", min_width=8, max_width=32, overflow="fold")
    table.add_column("how many", min_width=8, max_width=20, overflow="fold")
    table.add_column("status", no_wrap=True)
    table.add_column("who says so", min_width=8, max_width=32, overflow="fold")
    for event in events:
        table.add_row(*_cells(event))
    return table


def _cells(event: Event) -> list[Text]:
    match event:
        case DeploymentEvent():
            who, what = event.actor, f"{event.movement}: {_words(event.force) or event.anchor.text}"
            where, number = _route(event.origin, event.destination), amount(event.quantity)
        case SupplyEvent():
            who, what = event.supplier, f"{event.category}: {_words(event.goods) or event.anchor.text}"
            where, number = _names(event.recipient), amount(event.quantity)
        case StatementEvent():
            who, what = event.speaker, f"{event.kind}: {_cut(event.content.text)}"
            where, number = _names(event.addressee), ""
    status = Text(event.status, style=STATUS_STYLES[event.status])
    sources = _names(event.attribution) or ("(reported)" if event.reported else "the article")
    plain = [event.type, _names(who), what, where, number]
    return [*(Text(cell or UNKNOWN) for cell in plain), status, Text(sources)]


def _names(parties: Sequence[Party]) -> str:
    return ", ".join(f"{party.name} ({party.code})" if party.code else party.name for party in parties)


def _words(span: Span | None) -> str:
    return " ".join(span.text.split()) if span else ""


def _cut(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST_QUOTE else f"{words[: LONGEST_QUOTE - 1]}…"


def _route(origin: Place | None, destination: Place | None) -> str:
    if origin and destination:
        return f"{_place(origin)} → {_place(destination)}"
    return f"{_place(origin)} →" if origin else _place(destination) if destination else ""


def _place(place: Place) -> str:
    return f"{place.name} ({place.country})" if place.country else place.name


def amount(quantity: Quantity | Number | None) -> str:
    """The bounds in figures; the words as written where neither is known."""
    if quantity is None:
        return ""
    low, high, unit = _figure(quantity.min), _figure(quantity.max), f" {quantity.unit}" if quantity.unit else ""
    about = "about " if quantity.approximate else ""
    if low and high:
        return f"{about}{low}{unit}" if low == high else f"{about}{low} to {high}{unit}"
    if low or high:
        return f"{about}{'at least' if low else 'at most'} {low or high}{unit}"
    return quantity.text


def _figure(bound: float | None) -> str:
    if bound is None:
        return ""
    return f"{bound:,.0f}" if float(bound).is_integer() else f"{bound:,g}"
