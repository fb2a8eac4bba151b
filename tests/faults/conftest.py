"""The fault suite's stage and its table. `FAULTS=long` runs the long form."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.broker import LocalBroker
from services.common.settings import Settings
from services.common.topics import create_topics
from tests.faults.rig import LONG, SHORT, Account, Rig, Size

ACCOUNTS: list[Account] = []


@pytest.fixture
def size() -> Size:
    return LONG if os.environ.get("FAULTS") == "long" else SHORT


@pytest.fixture(scope="module")
def fragile() -> Iterator[LocalBroker]:
    """A broker that may be killed."""
    with LocalBroker() as broker:
        yield broker


@pytest.fixture
async def rig(fragile: LocalBroker, tmp_path: Path, size: Size) -> AsyncIterator[Rig]:
    prefix = f"f{uuid4().hex[:8]}-"
    settings = Settings(
        _env_file=None,
        bootstrap_servers=fragile.bootstrap_servers,
        topic_prefix=prefix,
        extractor_group=f"{prefix}extractor",
        sink_group=f"{prefix}sink",
        extractor_web_port=0,
        sink_web_port=0,
        database=f"sqlite:///{tmp_path}/lagebild.db",
    )
    await create_topics(settings)
    rig = Rig(settings, tmp_path, size)
    yield rig
    rig.store.close()


@pytest.fixture
def note() -> list[Account]:
    return ACCOUNTS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each fault: what was done, how often, what it cost."""
    if not ACCOUNTS:
        return
    terminalreporter.section("faults")
    write = terminalreporter.write_line
    write(f"{'fault':<52} {'times':>5} {'lost':>5} {'duplicated':>10} {'seconds to go on, longest':>26}")
    for a in ACCOUNTS:
        longest = f"{max(a.seconds):.1f}" if a.seconds else "–"
        write(f"{a.fault:<52} {a.times:>5} {a.lost:>5} {a.duplicated:>10} {longest:>26}")
