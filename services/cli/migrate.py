"""`lagebild migrate`: the database made, or brought to this version."""

from typing import Annotated

import typer

from services.common.errors import UserError
from services.common.settings import get_settings


def migrate(
    database: Annotated[
        str | None,
        typer.Option(help="sqlite:///FILE or postgresql://user:password@host/name; LAGEBILD_DATABASE by default."),
    ] = None,
) -> None:
    """Make the database, or bring an older one to this version: as the owner of its schema.

    `lagebild sink` does so too where its user may; with the least rights (`deploy/postgres/roles.sql`) it may not.
    Safe to repeat, and safe while a sink writes.
    """
    # SQLAlchemy takes a second to import: not for `--help`.
    from services.storage import Retryable, open_store

    try:
        open_store(database or get_settings().database_url).close()
    except Retryable as error:
        raise UserError(str(error), remedy="try again when it can be") from error
    typer.echo("the database is ready for this version of Lagebild")
