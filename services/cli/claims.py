"""`lagebild claims`: what several articles tell of one happening, from the database."""

from collections.abc import Iterable
from typing import Annotated, Literal, get_args

import typer
from rich.console import Console

from schemas import Claim, ClaimType, write
from services.cli.choices import among, day
from services.cli.claim_blocks import claim_block
from services.cli.filtering import Database
from services.cli.reading_store import opened

Format = Literal["text", "jsonl"]


def claims(
    *,
    types: Annotated[list[str] | None, typer.Option("--type", help="deployment or supply; may be repeated.")] = None,
    actor: Annotated[str | None, typer.Option(help="Code (PRK) or words of the name of an actor or supplier.")] = None,
    recipient: Annotated[str | None, typer.Option(help="The same of who receives a supply.")] = None,
    destination: Annotated[
        str | None, typer.Option(help="The same of where forces go to, or of the place they leave.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="The same of somebody who says so or denies it.")] = None,
    since: Annotated[str | None, typer.Option(help="Told on or after: 2024-10-28, or 24h, 7d, 2w before now.")] = None,
    until: Annotated[str | None, typer.Option(help="Told on or before, in the same forms.")] = None,
    disagreeing: Annotated[
        bool, typer.Option("--disagreeing", help="Only what some deny, or where the numbers of sources differ.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="Most claims to show, the latest told; 0: all.")] = 20,
    form: Annotated[str, typer.Option("--format", help="text for people, jsonl as in the topic.")] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
    database: Database = None,
) -> None:
    """List claims: what several articles tell of one happening, who says so, and who says otherwise.

    Records are of one happening if type, actor, and recipient or destination are the same, and time and goods fit.
    Articles of one medium and copies of one text are one source. The sink keeps the claims up to date.
    """
    from services.storage import ClaimFilter

    (chosen,) = among(["jsonl" if as_json else form], get_args(Format), "--format")
    filters = ClaimFilter(
        types=among(types, get_args(ClaimType), "--type"),
        actor=actor,
        recipient=recipient,
        destination=destination,
        source=source,
        since=day(since, "--since"),
        until=day(until, "--until"),
        disagreeing=disagreeing,
        limit=limit or None,
    )
    with opened(database) as store:
        _show(store.claims(filters), chosen, filters.limit)
        if waiting := store.claim_changes_waiting():
            typer.echo(f"{waiting} changes of articles are not taken up yet: the sink does it", err=True)


def _show(found: Iterable[Claim], form: Format, limit: int | None) -> None:
    if form == "text":
        _show_text(list(found), limit)
    else:
        for claim in found:
            typer.echo(write(claim))


def _show_text(found: list[Claim], limit: int | None) -> None:
    if not found:
        typer.echo("no claims", err=True)
        return
    console = Console(highlight=False)
    for claim in found:
        console.print(claim_block(claim))
    if len(found) == limit:
        typer.echo(f"the latest {limit} claims; --limit 0 shows all", err=True)
