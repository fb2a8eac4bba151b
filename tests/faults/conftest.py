"""The fault suite's stage and its table. `FAULTS=long` runs the long form."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from services.broker import LocalBroker
from services.common.topics import create_topics
from tests.faults.account import HEAD, Account
from tests.faults.rig import LONG, SHORT, Rig, Size
from tests.streams import own_settings

ACCOUNTS: list[Account] = []

Prove = Callable[[Account], None]


@pytest.fixture
def size() -> Size:
    return LONG if os.environ.get("FAULTS") == "long" else SHORT


@pytest.fixture(scope="session")
def fragile() -> Iterator[LocalBroker]:
    """A broker that may be killed."""
    with LocalBroker() as broker:
        yield broker


@pytest.fixture
async def make_rig(fragile: LocalBroker, tmp_path: Path) -> AsyncIterator[Callable[[Size], Awaitable[Rig]]]:
    """`await make_rig(size)`."""
    rigs: list[Rig] = []

    async def make(size: Size) -> Rig:
        settings = own_settings(fragile.bootstrap_servers, tmp_path)
        await create_topics(settings)
        rigs.append(Rig(settings, tmp_path, size))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.store.close()


@pytest.fixture
async def rig(make_rig: Callable[[Size], Awaitable[Rig]], size: Size) -> Rig:
    return await make_rig(size)


@pytest.fixture
def prove() -> Prove:
    """`prove(account)`: puts it into the table; nothing may be lost, nothing be there twice."""

    def proven(account: Account) -> None:
        ACCOUNTS.append(account)
        assert (account.lost, account.duplicated) == (0, 0), account

    return proven


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each fault: what was done, how often, what it cost."""
    if ACCOUNTS:
        terminalreporter.section("faults")
        for line in (*HEAD, *(account.line for account in ACCOUNTS)):
            terminalreporter.write_line(line)
