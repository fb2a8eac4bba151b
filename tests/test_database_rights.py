"""The users that deploy/postgres/roles.sql makes: what each needs it may do, and nothing else."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from services.cli.main import app
from services.common.errors import UserError
from services.storage import open_store
from services.storage.migrate import migrate
from tests.commands import refusal
from tests.databases import fill
from tests.postgres import PostgresServer

TABLES = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """With an empty database and the two users, made before the first migration, as the image's entry point does."""
    postgres.fresh_database()
    with postgres.roles():
        yield postgres


def lagebild(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def refused(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_sink_writes_rows_and_changes_no_table(server: PostgresServer) -> None:
    lagebild("migrate", "--database", server.url("postgres"))
    sink = server.url_of("sink")
    fill(sink)
    with closing(open_store(sink)) as store:
        assert store.counts().events == 6
        assert store.check() == []
    tables = [name for (name,) in server.execute("postgres", TABLES)]
    assert {"articles", "events", "claims", "consumer_offsets"} <= {*tables}
    for table in tables:
        refused(sink, f"DROP TABLE {table}")
        refused(sink, f"ALTER TABLE {table} ADD COLUMN more text")
        refused(sink, f"TRUNCATE {table}")
    refused(sink, "DROP VIEW deployments")
    refused(sink, "DROP SCHEMA public")
    refused(sink, "CREATE TABLE mine (number int)")
    refused(sink, "CREATE ROLE mine")


def test_the_reader_asks_and_writes_nothing(server: PostgresServer) -> None:
    fill(server.url("postgres"))
    reader = server.url_of("reader")
    assert "Dänemark" in lagebild("events", "--database", reader)
    lagebild("claims", "--database", reader)
    assert lagebild("export", "--database", reader, "--format", "csv")
    tables = [name for (name,) in server.execute("postgres", TABLES)]
    for table in tables:
        with psycopg.connect(reader) as connection:
            connection.execute(f"SELECT * FROM {table}".encode())
        refused(reader, f"DELETE FROM {table}")
        refused(reader, f"INSERT INTO {table} DEFAULT VALUES")
        refused(reader, f"DROP TABLE {table}")
    refused(reader, "CREATE TABLE mine (number int)")
    with pytest.raises(UserError, match=r"the user may not do this"), closing(open_store(reader)) as store:
        store.forget_offsets("test")


def test_the_users_may_be_made_after_the_tables_too(postgres: PostgresServer) -> None:
    fill(postgres.fresh_database())
    with postgres.roles():
        assert "Dänemark" in lagebild("events", "--database", postgres.url_of("reader"))
        fill(postgres.url_of("sink"))


@pytest.mark.parametrize("from_version", [None, "0001"])
def test_what_is_not_migrated_is_said_with_the_remedy(server: PostgresServer, from_version: str | None) -> None:
    if from_version:
        older(server, from_version)
    sink, reader = server.url_of("sink"), server.url_of("reader")
    with pytest.raises(UserError, match=r"not migrated.*may not do it.*`lagebild migrate` as the owner"):
        open_store(sink)
    assert "may not do it" in refusal(app, ["migrate", "--database", sink])
    assert "holds no records of this version" in refusal(app, ["events", "--database", reader])
    lagebild("migrate", "--database", server.url("postgres"))
    open_store(sink).close()
    lagebild("events", "--database", reader)


def older(server: PostgresServer, version: str) -> None:
    """The database as an older Lagebild has made it."""
    engine = sa.create_engine(
        sa.make_url(server.url("postgres")).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool
    )
    with engine.begin() as connection:
        migrate(connection, version)
    engine.dispose()


def test_migrate_says_that_it_reaches_no_server() -> None:
    assert "127.0.0.1" in refusal(app, ["migrate", "--database", "postgresql://nobody@127.0.0.1:1/x"])
