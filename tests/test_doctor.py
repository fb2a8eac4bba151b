"""`lagebild doctor` on a running broker and database: what it says of that which waits."""

import asyncio
import subprocess
import sys

from services.common.settings import Settings
from tests.conftest import SendRaw
from tests.findings import article
from tests.processes import ROOT, environment
from tests.sinking import processed, read_up_to, running, send, stored


async def doctor(settings: Settings) -> str:
    """What it prints, in one line."""
    command = [sys.executable, "-m", "services.cli.main", "doctor"]
    own = environment(settings, COLUMNS="200", LAGEBILD_EXTRACTOR_MODEL="rules")
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, cwd=ROOT, env=own, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return " ".join(done.stdout.split())


async def test_doctor_says_what_waits_for_whom(settings: Settings, send_raw: SendRaw) -> None:
    articles = [article(number) for number in range(3)]
    await send(settings, processed(articles))
    await send_raw(settings.topic("events"), [(b"artikel-0", b"no event", [])])
    before = await doctor(settings)
    # Receipts are one for each article, events three, and one that is none.
    assert f"{settings.extractor_group}: 3 of {settings.topic('articles')}" in before
    assert f"{settings.sink_group}: 3 of {settings.topic('articles')}, 10 of {settings.topic('events')}" in before
    assert "0 changed articles wait" in before
    assert "0 not sent back" in before
    # The claims are looked at when the sink starts, and then later than this test ends.
    async with running(settings.model_copy(update={"claims_seconds": 3600.0})) as store:
        await read_up_to(store, settings, 3 + 10 + 3)
        await stored(store, dead_letters=1)
        changes = store.claim_changes_waiting()
    after = await doctor(settings)
    assert f"{settings.sink_group}: nothing" in after
    assert f"{changes} changed articles wait" in after
    assert "1 not sent back" in after
    assert "lagebild dead-letters list" in after
