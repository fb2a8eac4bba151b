"""The store in PostgreSQL 15 or newer: psycopg 3, rows by COPY."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

from services.common.errors import UserError
from services.common.masking import masked
from services.storage.interface import Retryable, Unstorable
from services.storage.queries import searched_words
from services.storage.sql_store import SqlStore
from services.storage.updates import update_of

OLDEST: Final = 15
CONNECT_SECONDS: Final = 5
PASSING: Final = ("08", "25006", "40", "53", "55", "57", "58")
"""SQLSTATE classes of faults that pass: connection, read-only (a standby after a failover), serialisation and
deadlock, resources (disk full), locks, operator (shutdown), system. https://www.postgresql.org/docs/15/errcodes-appendix.html"""
REFUSING: Final = ("22", "23", "54")
"""SQLSTATE classes of faults of the row itself: data, constraints, limits."""
REFRESH_LOCK: Final = 0x1A6EB11E
TURN_LOCK: Final = 0x1A6EB11F
"""Numbers of the advisory locks under which claims are brought up to date, and sent."""
FORBIDDEN: Final = "42501"
"""SQLSTATE of a missing right, which the person who set up the database grants."""


class Forbidden(UserError):
    """The user lacks a right in the database."""


class PostgresStore(SqlStore):
    """A store in a PostgreSQL database."""

    def __init__(self, url: sa.URL) -> None:
        # One connection writes, a few read: a pool of this size never waits.
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=4,
            pool_pre_ping=True,
            # A server that drops off the network is noticed within 20 seconds instead of hours.
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "options": "-c timezone=UTC",
                "application_name": "lagebild",
                "keepalives_idle": 5,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            },
        )
        self._name = masked(url.render_as_string(hide_password=False))
        super().__init__(engine)

    def prepare(self, *, create: bool) -> bool:
        """Bring the schema up to date if `create`; return whether it is now."""
        with self._transaction() as connection:
            version = _driver(connection).info.server_version // 10_000
        if version < OLDEST:
            raise UserError(f"PostgreSQL {version} is too old", remedy=f"use PostgreSQL {OLDEST} or newer")
        return super().prepare(create=create)

    def _migrate(self) -> None:
        try:
            super()._migrate()
        except Forbidden as error:
            raise UserError(
                f"the database {self._name} is not migrated to this version of Lagebild, and the user may not do it "
                f"({_first_line(error.__cause__ or error)})",
                remedy="run `lagebild migrate` as the owner of its schema (docs/storage.md says how)",
            ) from error

    def _alone(self, connection: sa.Connection) -> None:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(REFRESH_LOCK)))

    @contextmanager
    def claims_turn(self) -> Iterator[bool]:
        """See `Store.claims_turn`: the turn ends with its connection, however that ends."""
        with self._transaction() as connection:
            yield bool(connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(TURN_LOCK))).scalar_one())

    def _explain(self, error: BaseException) -> BaseException:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, psycopg.DataError) and cause.sqlstate is None:  # refused before it was sent
            return Unstorable(_first_line(cause))
        if not isinstance(cause, psycopg.Error):
            return error
        state = cause.sqlstate or ""
        if not state and isinstance(cause, psycopg.ProgrammingError):  # by libpq, before it has connected
            return UserError(f"the database URL {self._name} cannot be used ({_first_line(cause)})")
        if state == FORBIDDEN:
            return Forbidden(
                f"the user may not do this in the database {self._name} ({_first_line(cause)})", remedy=REMEDY
            )
        if state.startswith(REFUSING):
            return Unstorable(_first_line(cause))
        # libpq gives no SQLSTATE for a connection that is refused: a wrong password waits too, and is told in words.
        unreachable = not state and isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
        passing = unreachable or state.startswith(PASSING)
        return Retryable(f"the database {self._name} cannot be used ({_first_line(cause)})") if passing else error

    def _among(self, column: sa.ColumnElement[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
        return column == sa.any_(sa.literal(list(values), ARRAY(column.type)))

    def _mentions(self, search: str) -> sa.ColumnElement[bool]:
        words = " & ".join(f"'{word}'{':*' * starts}" for word, starts in searched_words(search))
        if not words:
            return sa.false()
        query = sa.func.to_tsquery(sa.literal_column("'german'"), words)
        return sa.literal_column("articles.search").bool_op("@@")(query)

    def _insert(self, connection: sa.Connection, table: sa.TableClause, rows: Iterable[Sequence[Any]]) -> None:
        _copy(connection, table.name, table, rows)

    def _upsert(
        self, connection: sa.Connection, table: sa.TableClause, rows: Sequence[Sequence[Any]], key: Sequence[str]
    ) -> None:
        if rows:
            staged = f"staged_{table.name}"
            _cursor(connection).execute(_staging(table, staged))
            _copy(connection, staged, table, rows)
            connection.exec_driver_sql(_upsertion(table, staged, tuple(key)))

    def _insert_missing(
        self, connection: sa.Connection, table: sa.TableClause, source: sa.Select[*tuple[Any, ...]]
    ) -> sa.CursorResult[Any]:
        statement = insert(table).from_select([column.name for column in table.c], source)
        return connection.execute(statement.on_conflict_do_nothing(), execution_options={"preserve_rowcount": True})


REMEDY: Final = "docs/storage.md says which rights the user needs"


@cache
def _staging(table: sa.TableClause, name: str) -> sql.Composed:
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.c)
    return sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT {} FROM {} LIMIT 0").format(
        sql.Identifier(name), columns, sql.Identifier(table.name)
    )


@cache
def _upsertion(table: sa.TableClause, name: str, key: tuple[str, ...]) -> str:
    """From the table `name` into `table`."""
    staged = sa.table(name, *(sa.column(column.name, column.type) for column in table.c))
    names = [column.name for column in table.c]
    statement = insert(table).from_select(names, sa.select(*staged.c))
    values, condition = update_of(table, key, statement.excluded)
    statement = statement.on_conflict_do_update(index_elements=key, set_=values, where=condition)
    return str(statement.compile(dialect=PGDialect_psycopg()))  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it bare


@cache
def _copying(name: str, table: sa.TableClause) -> sql.Composed:
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.c)
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), columns)


def _copy(connection: sa.Connection, name: str, table: sa.TableClause, rows: Iterable[Sequence[Any]]) -> None:
    with _cursor(connection).copy(_copying(name, table)) as copy:
        for row in rows:
            copy.write_row(row)


def _cursor(connection: sa.Connection) -> psycopg.Cursor[Any]:
    return _driver(connection).cursor()


def _driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection), "the engine is made for psycopg"
    return driver


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__
