"""Event records as a table for people: who, what, where, how many, and who says so."""

from collections.abc import Iterable

from rich import box
from rich.table import Table
from rich.text import Text

from schemas import Event
from services.report.wording import summary

UNKNOWN = "–"
STATUS_STYLES = {"actual": "green", "planned": "cyan", "possible": "yellow", "denied": "red"}


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
    short = summary(event)
    plain = [event.type, short.who, short.what, short.where, short.number]
    status = Text(event.status, style=STATUS_STYLES[event.status])
    return [*(Text(cell or UNKNOWN) for cell in plain), status, Text(short.sources)]
