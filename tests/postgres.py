"""A real PostgreSQL server for the tests, in a temporary folder, spoken to over a Unix socket. Tests alone."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
import pytest

from tests.tools import need

ROLES: Final = Path(__file__).parents[1] / "deploy" / "postgres" / "roles.sql"
PLACES: Final = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt/postgresql@15")
# The rows' durability is not under test here: without fsync the suite runs several times as fast.
OPTIONS: Final = "-c listen_addresses='' -c fsync=off -c max_connections=40 -c timezone=Asia/Tokyo"


class PostgresServer:
    """A running server.

    Attributes:
        folder: its data, its socket and its log.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, database: str) -> str:
        """URL of one of its databases, for `open_store`."""
        return f"postgresql://lagebild@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"{OPTIONS} -c unix_socket_directories='{self.folder}'"
        self._control("start", "-l", str(self.folder / "log"), "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it; "immediate" is what a crash does."""
        self._control("stop", "-m", mode)

    def execute(self, database: str, statement: LiteralString) -> list[tuple[Any, ...]]:
        """Run a statement as the server's owner; its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def fresh_database(self) -> str:
        """The server's one database for tests, emptied of what the last test left; its URL."""
        # A database for each test takes a second: PostgreSQL copies its template, and writes all of it to disk.
        self.execute("postgres", "DROP SCHEMA IF EXISTS public CASCADE")
        self.execute("postgres", "CREATE SCHEMA public")
        return self.url("postgres")

    def url_of(self, user: str) -> str:
        """URL of the database for tests, for another user than the server's owner."""
        return self.url("postgres").replace("lagebild@", f"{user}@")

    @contextmanager
    def roles(self, **passwords: str) -> Iterator[None]:
        """The users that psql makes by deploy/postgres/roles.sql in the database for tests; gone afterwards."""
        passwords = {"LAGEBILD_SINK_PASSWORD": "s", "LAGEBILD_READER_PASSWORD": "r"} | passwords
        psql = [need("psql", "postgresql-client"), "-h", str(self.folder), "-U", "lagebild", "-d", "postgres"]
        options = ["--single-transaction", "-v", "ON_ERROR_STOP=1", "-f", str(ROLES)]
        done = subprocess.run(
            [*psql, *options], env={**os.environ, **passwords}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        try:
            yield
        finally:
            self.execute("postgres", "DROP OWNED BY sink, reader")
            self.execute("postgres", "DROP ROLE sink, reader")

    def _control(self, action: str, *options: str) -> None:
        _run([_program("pg_ctl"), "-D", str(self.folder / "data"), "-w", "-t", "60", *options, action])


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server that lives as long as the test session."""
    with postgres_server() as server:
        yield server


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server that lives as long as the `with`.

    Where no PostgreSQL is installed, the test is skipped, or in CI fails, and says what to install.
    """
    # A path of pytest's own may be longer than a Unix socket's name can be (107 bytes).
    folder = Path(tempfile.mkdtemp(prefix="lagebild-pg-"))
    server = PostgresServer(folder)
    try:
        if user := _unprivileged():
            os.chown(folder, user.pw_uid, user.pw_gid)
        _run([_program("initdb"), "-D", str(folder / "data"), "-U", "lagebild", "-A", "trust", "-E", "UTF8", "-N"])
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> pwd.struct_passwd | None:
    """The user to run the server as: PostgreSQL refuses root. None: the one who runs the tests."""
    return None if os.geteuid() else pwd.getpwnam("postgres")


def _run(command: list[str]) -> str:
    as_user = [] if _unprivileged() is None else ["runuser", "-u", "postgres", "--"]
    # The server keeps what it inherits: its output goes to its log, or a pipe here would never close.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run([*as_user, *command], cwd="/", stdout=output, stderr=output, check=False)
        output.seek(0)
        text = output.read().decode(errors="replace")
    assert done.returncode == 0, f"{' '.join(command)} failed: {text}"
    return text


def _program(name: str) -> str:
    installed = [
        str(path.parent) for place in PLACES for path in sorted(Path(place).glob(f"**/bin/{name}"), reverse=True)
    ]
    return need(name, "postgresql", *installed)
