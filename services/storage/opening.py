"""From a URL to a store."""

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from services.common.errors import UserError
from services.common.masking import masked
from services.storage.interface import Store

if TYPE_CHECKING:
    from services.storage.postgresql import PostgresStore
    from services.storage.sqlite import SqliteStore

FORMS = "write sqlite:///FILE or postgresql://user:password@host/name"


def open_store(url: str, *, create: bool = True) -> Store:
    """Open the database at `url`.

    Args:
        url: sqlite:///FILE (relative; four slashes: absolute) or postgresql://user:password@host:port/name.
        create: make what is missing and bring an older database to this version; without it, only read.

    Raises:
        UserError: the URL is none of these, the database has no tables (with `create=False`), was made by a newer
            Lagebild, or refuses the user.
        Retryable: the database cannot be reached, or is locked.
    """
    store = _store(url)
    try:
        ready = store.prepare(create=create)
    except BaseException:
        store.close()
        raise
    if not ready:
        store.close()
        raise UserError(
            f"the database {masked(url)} holds no records of this version of Lagebild",
            remedy="start `lagebild sink`, which makes it, or name another with --database",
        )
    return store


def _store(url: str) -> "SqliteStore | PostgresStore":
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise UserError("the database URL cannot be read", remedy=FORMS) from None
    match parsed.get_backend_name():
        case "sqlite":
            from services.storage.sqlite import SqliteStore

            return SqliteStore(parsed)
        case "postgresql" | "postgres":
            return _postgres(parsed)
        case other:
            raise UserError(f"databases of the kind {other!r} are not supported", remedy=FORMS)


def _postgres(url: sa.URL) -> "PostgresStore":
    try:
        from services.storage.postgresql import PostgresStore
    except ImportError:
        raise UserError(
            "PostgreSQL needs the package psycopg", remedy="install it with: pip install 'lagebild[postgres]'"
        ) from None
    return PostgresStore(url)
