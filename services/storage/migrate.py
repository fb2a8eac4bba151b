"""Brings a database to the schema version of this package, with Alembic."""

import logging
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from services.common.errors import UserError

log = logging.getLogger(__name__)
# Alembic tells of every connection what it assumes of it.
logging.getLogger("alembic").setLevel(logging.WARNING)

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x1A6EB11D
"""Number of the advisory lock under which PostgreSQL is migrated: two sinks may start at once."""


def migrate(connection: sa.Connection, revision: str = "head") -> None:
    """Run the migrations that are missing, in the connection's transaction, which the caller commits.

    Raises:
        UserError: a newer version of Lagebild has made the database.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    if version_of(connection) == head():
        return
    _refuse_newer(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    log.info("database brought to schema version %s", version_of(connection))


def is_current(connection: sa.Connection) -> bool:
    """Whether the database has this package's schema version.

    Raises:
        UserError: a newer version of Lagebild has made the database.
    """
    _refuse_newer(connection)
    return version_of(connection) == head()


def version_of(connection: sa.Connection) -> str | None:
    """The database's schema version, such as "0001"; None where it has no tables of Lagebild."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def head() -> str:
    """The schema version of this package."""
    return _scripts().get_heads()[0]


def _refuse_newer(connection: sa.Connection) -> None:
    version = version_of(connection)
    known = {script.revision for script in _scripts().walk_revisions()}
    if version is not None and version not in known:
        raise UserError(
            f"the database has schema version {version}, this Lagebild knows versions up to {head()}",
            remedy="install a newer Lagebild, or name another database",
        )


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
