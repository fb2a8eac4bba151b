"""The filters that `events`, `export` and `report` share, as options of a command."""

from typing import TYPE_CHECKING, Annotated, get_args

import typer

from schemas import EventType, Status
from services.cli.choices import among, day

if TYPE_CHECKING:
    from services.storage import EventFilter

Types = Annotated[list[str] | None, typer.Option("--type", help="deployment, supply or statement; may be repeated.")]
Statuses = Annotated[
    list[str] | None, typer.Option("--status", help="actual, planned, possible or denied; may be repeated.")
]
Actor = Annotated[
    str | None, typer.Option(help="Code (PRK, NATO) or words of the name (Rutte) of an actor, supplier or speaker.")
]
Supplier = Annotated[str | None, typer.Option(help="The same of a supplier alone.")]
Recipient = Annotated[str | None, typer.Option(help="The same of a recipient, beneficiary or addressee.")]
Party = Annotated[str | None, typer.Option(help="The same of a party in any role, also of who says so.")]
Country = Annotated[str | None, typer.Option(help="Country of origin or destination, such as UKR.")]
Search = Annotated[str | None, typer.Option(help="Words that must all stand in the article; panzer* finds beginnings.")]
Since = Annotated[str | None, typer.Option(help="First day: 2024-10-28, or 24h, 7d, 2w before now.")]
Until = Annotated[str | None, typer.Option(help="Last day, in the same forms.")]
ArticleId = Annotated[str | None, typer.Option("--article", help="Id of the article.")]
Database = Annotated[str | None, typer.Option(help="Database to read.", show_default="LAGEBILD_DATABASE")]


def event_filter(
    *,
    types: list[str] | None = None,
    status: list[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: int | None = None,
    by_publication: bool = False,
    **others: str | None,
) -> "EventFilter":
    """The filter that the options ask for; `others` are fields of `EventFilter` as they are.

    Raises:
        UserError: a type or status does not exist, or a day cannot be read.
    """
    from services.storage import EventFilter

    return EventFilter(
        types=among(types, get_args(EventType), "--type"),
        statuses=among(status, get_args(Status), "--status"),
        since=day(since, "--since"),
        until=day(until, "--until"),
        limit=limit or None,
        by_publication=by_publication,
        **others,
    )
