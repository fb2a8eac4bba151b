"""`lagebild sink`: the service that stores articles and records."""

from typing import Annotated, Any

import typer
from pydantic import SecretStr

from services.common.logging import configure_logging
from services.common.settings import get_settings


def sink(
    database: Annotated[
        str | None,
        typer.Option(help="sqlite:///FILE or postgresql://user:password@host/name; LAGEBILD_DATABASE by default."),
    ] = None,
    from_beginning: Annotated[
        bool,
        typer.Option("--from-beginning", help="Read the topics again from their beginning; rows are written over."),
    ] = False,
    web_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of /metrics, /livez and /readyz; 0 takes any free one.")
    ] = None,
) -> None:
    """Store articles and event records in the database: until SIGTERM or Ctrl-C.

    The database is made where it is missing. It also keeps how far the topics have been read, so that a restart
    neither loses nor doubles a row. Run several of these on PostgreSQL to share the work, one on SQLite.
    """
    # SQLAlchemy and aiokafka take a second to import: not for `--help`.
    from services.sink import run

    chosen: dict[str, Any] = {"database": database and SecretStr(database), "sink_web_port": web_port}
    settings = get_settings().model_copy(update={name: value for name, value in chosen.items() if value is not None})
    configure_logging(settings)
    run(settings, from_beginning=from_beginning)
