"""`lagebild prune`: delete what is too old from the database."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.choices import moment
from services.cli.filtering import Database
from services.cli.reading_store import opened
from services.common.errors import UserError
from services.report.wording import count

if TYPE_CHECKING:
    from services.storage import Pruned, Store

AT_ONCE: Final = 1_000
"""Articles deleted in one transaction: a sink that writes at the same time waits a second or two, not for all."""
YOUNGEST: Final = timedelta(days=1)


def prune(
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="AGE", help="90d, 12w or 36h before now, or a day: 2024-10-28.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and delete nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    database: Database = None,
) -> None:
    """Delete articles published before then with all their findings, and bring the claims up to date.

    Events that have waited for their extraction since before then go too, and rows of dead letters. What is in Kafka
    stays there: `lagebild sink --from-beginning` would bring it back.
    """
    before = _limit(older_than)
    with opened(database) as store:
        found = store.prunable(before)
        shown = f"{before:%Y-%m-%d %H:%M} UTC"
        if not any(found):
            typer.echo(f"nothing is older than {shown}", err=True)
            return
        typer.echo(f"older than {shown}: {_told(found)}, {count(found.claims, 'claim')} that change")
        if dry_run:
            return
        if not yes:
            typer.confirm("Delete them?", abort=True)
        typer.echo(f"deleted: {_told(_delete(store, before))}")
        _follow(store)


def _limit(older_than: str) -> datetime:
    before = moment(older_than, "--older-than")
    if before > datetime.now(UTC) - YOUNGEST:
        raise UserError(
            f"--older-than {older_than!r} would take what has come within a day", remedy="write 24h or more"
        )
    return before


def _told(found: "Pruned") -> str:
    articles = f"{count(found.articles, 'article')} with {count(found.events, 'event')}"
    return f"{articles}, {count(found.pending, 'event')} that wait, {count(found.dead_letters, 'dead letter')}"


def _delete(store: "Store", before: datetime) -> "Pruned":
    """Delete in parts; what went in all of them together."""
    total = store.prune(before, AT_ONCE)
    while (part := store.prune(before, AT_ONCE)).articles:
        total = type(total)(*map(sum, zip(total, part, strict=True)))
    return total


def _follow(store: "Store") -> None:
    """Bring the claims up to date with what was deleted; what a sink writes meanwhile is the sink's to take up."""
    waiting = store.claim_changes_waiting()
    while waiting > 0 and (taken := store.refresh_claims().changes):
        waiting -= taken
