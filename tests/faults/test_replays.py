"""A replay changes no row; a newer extractor replaces what the older one has found."""

import pytest

from tests.faults.conftest import Prove
from tests.faults.rig import Rig

pytestmark = pytest.mark.faults


async def test_everything_replayed_twice_and_by_a_newer_extractor(rig: Rig, prove: Prove) -> None:
    extractor, sink = rig.service("extractor"), rig.service("sink")
    with rig.running(extractor, sink):
        await rig.send()
        await rig.settle()
        rows = rig.rows()
        for _ in range(2):
            await rig.send()
            await rig.settle()
            assert rig.rows() == rows
        prove(await rig.account("everything replayed", 2))
        assert extractor.terminate() == 0
        with rig.running(rig.service("extractor", "newer", extractor_model="tests.standins:make_newer")):
            await rig.send()
            await rig.settle()
        assert {event.extractor for event in rig.store.events()} == {"standin-2"}
    prove(await rig.account("everything replayed by a newer extractor", 1))
