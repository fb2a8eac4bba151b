"""The store in a file: SQLite with a write-ahead log, strict tables and foreign keys."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from services.common.errors import UserError
from services.storage.interface import Retryable, Unstorable
from services.storage.queries import searched_words
from services.storage.sql_store import SqlStore
from services.storage.updates import update_of

OLDEST: Final = (3, 38, 0)
"""First SQLite with strict tables and JSON functions built in."""
BUSY_SECONDS: Final = 5
PASSING: Final = {
    sqlite3.SQLITE_BUSY: "another program has locked it",
    sqlite3.SQLITE_LOCKED: "another connection has locked it",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "its file cannot be read or written",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_READONLY: "its file may only be read",
    sqlite3.SQLITE_NOMEM: "memory has run out",
    sqlite3.SQLITE_PROTOCOL: "its lock file is contested",
}
"""Primary result codes of faults that pass, or that an operator can mend while the service waits.
https://www.sqlite.org/rescode.html"""
REFUSING: Final = {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE}
"""Primary result codes of faults of the row itself."""
DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""Primary result codes of a file that no waiting mends."""


class SqliteStore(SqlStore):
    """A store in an SQLite file."""

    def __init__(self, url: sa.URL) -> None:
        if sqlite3.sqlite_version_info < OLDEST:
            raise UserError(
                f"SQLite {sqlite3.sqlite_version} is too old, {'.'.join(map(str, OLDEST))} is needed",
                remedy="use a newer Python, or PostgreSQL",
            )
        if not url.database or url.database == ":memory:":
            raise UserError("SQLite needs a file", remedy="write sqlite:///FILE, such as sqlite:///lagebild.db")
        self._path = Path(url.database)
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS})
        sa.event.listen(engine, "connect", _configure)
        sa.event.listen(engine, "begin", _begin)
        super().__init__(engine)

    def prepare(self, *, create: bool) -> bool:
        """Bring the schema up to date if `create`; return whether it is now."""
        # Connecting would leave an empty file behind where one only wanted to read.
        there = self._path.exists()
        if create and not there:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        return (there or create) and super().prepare(create=create)

    def _explain(self, error: BaseException) -> BaseException:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, OverflowError):  # an integer beyond 64 bits
            return Unstorable(str(cause))
        code = getattr(cause, "sqlite_errorcode", None)
        if code is None:
            return error
        primary = code & 0xFF  # https://www.sqlite.org/rescode.html#primary_result_codes_versus_extended_result_codes
        if primary in PASSING:
            return Retryable(f"the database {self._path} cannot be used, {PASSING[primary]} ({cause})")
        if primary in DAMAGED:
            return UserError(
                f"the file {self._path} is no usable SQLite database ({cause})",
                remedy="name another database, or restore a backup (docs/storage.md)",
            )
        return Unstorable(str(cause)) if primary in REFUSING else error

    def _among(self, column: sa.ColumnElement[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
        each = sa.func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(sa.select(each.c.value))

    def _mentions(self, search: str) -> sa.ColumnElement[bool]:
        words = " ".join(f'"{word}"{"*" * starts}' for word, starts in searched_words(search))
        if not words:
            return sa.false()
        index: sa.ColumnElement[str] = sa.column("articles_fts")
        rows: sa.ColumnElement[int] = sa.column("rowid")
        found = sa.select(rows).select_from(sa.table("articles_fts")).where(index.bool_op("MATCH")(words))
        return sa.literal_column("articles.number").in_(found)

    def _insert(self, connection: sa.Connection, table: sa.TableClause, rows: Iterable[Sequence[Any]]) -> None:
        self._execute_many(connection, _insertion(table), rows)

    def _upsert(
        self, connection: sa.Connection, table: sa.TableClause, rows: Sequence[Sequence[Any]], key: Sequence[str]
    ) -> None:
        if rows:
            self._execute_many(connection, _upsertion(table, tuple(key)), rows)

    def _insert_missing(
        self, connection: sa.Connection, table: sa.TableClause, source: sa.Select[*tuple[Any, ...]]
    ) -> sa.CursorResult[Any]:
        # "WHERE true" lets the parser tell the upsert clause from a join: https://www.sqlite.org/lang_upsert.html
        statement = insert(table).from_select([column.name for column in table.c], source.where(sa.true()))
        return connection.execute(statement.on_conflict_do_nothing(), execution_options={"preserve_rowcount": True})

    def _execute_many(self, connection: sa.Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        # By the bare driver: with thousands of rows SQLAlchemy's care for each value shows.
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection), "the engine is made for sqlite3"
        driver.executemany(statement, rows)

    def _integrity(self, connection: sa.Connection) -> list[str]:
        found = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check")]
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        faults = [] if found == ["ok"] else [f"integrity: {line}" for line in found]
        return faults + ([f"{len(orphans)} rows refer to rows that are not there"] if orphans else [])


@cache
def _insertion(table: sa.TableClause) -> str:
    return _text(insert(table))


@cache
def _upsertion(table: sa.TableClause, key: tuple[str, ...]) -> str:
    statement = insert(table)
    values, condition = update_of(table, key, statement.excluded)
    return _text(statement.on_conflict_do_update(index_elements=key, set_=values, where=condition))


def _text(statement: sa.Insert) -> str:
    return str(statement.compile(dialect=sqlite_dialect()))


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    # The driver begins no transactions of its own: `_begin` does.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # A power cut may lose the last commits, rows and offsets together: they are read from Kafka again.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: sa.Connection) -> None:
    # A writer takes the lock at once: upgrading a read lock later fails without waiting if another has written.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
