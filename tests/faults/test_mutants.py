"""The suite bites: with a promise broken, a kill must lose something; else the other tests prove nothing."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.faults.account import Account
from tests.faults.mutants import PAUSE_SECONDS
from tests.faults.rig import Rig, Size

pytestmark = pytest.mark.faults

FEW = Size(articles=120, poison=0, kills=1, outages=0, work_ms=50, away_seconds=0)
TRIES = 5
"""A kill at random meets the broken promise three times in four."""


@pytest.mark.parametrize(
    ("mutation", "command"),
    [
        ("sends-not-awaited", "extractor"),
        ("acknowledged-before-extraction", "extractor"),
        ("offsets-before-rows", "sink"),
    ],
)
async def test_a_broken_promise_is_noticed(
    make_rig: Callable[[Size], Awaitable[Rig]], mutation: str, command: str
) -> None:
    accounts = []
    for _ in range(TRIES):
        accounts.append(await _killed_once(await make_rig(FEW), mutation, command))
        if accounts[-1].lost:
            return
    pytest.fail(f"{TRIES} kills have lost nothing: {accounts}")


async def _killed_once(rig: Rig, mutation: str, command: str) -> Account:
    mutant, sound = rig.mutant(mutation, command), rig.service(command)
    other = rig.service("sink" if command == "extractor" else "extractor")
    await rig.send()
    with rig.running(other, mutant):
        rig.seconds_until(lambda: mutant.metric("lagebild_last_success_timestamp_seconds") > 0)
        await asyncio.sleep(rig.chance(PAUSE_SECONDS))
        mutant.kill()
        # What a sound service still finds to do, it does: the rest is lost.
        with rig.running(sound):
            await rig.settle()
    return await rig.account(mutation)
