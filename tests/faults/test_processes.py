"""Nothing lost, nothing twice: hard and clean ends of the services in mid-stream, then input set == output set.

After Kafka's own transactions_test.py. A stand-in takes the place of the extraction, since delivery is under test.
"""

import signal
import time

import pytest

from tests.faults.conftest import Prove
from tests.faults.rig import Rig

pytestmark = pytest.mark.faults

WORKS = {"extractor": "lagebild_articles_processed_total", "sink": "lagebild_sink_rows_total"}
"""The metric that says that a new process has done something."""


@pytest.mark.parametrize("victim", ["extractor", "sink"])
async def test_kill_9_of_one(rig: Rig, prove: Prove, victim: str) -> None:
    services = {name: rig.service(name) for name in ("extractor", "sink")}
    await rig.send()
    seconds = []
    with rig.running(*services.values()):
        for moment in rig.moments(rig.size.kills):
            rig.reach(moment)
            services[victim].kill()
            services[victim].start()
            seconds.append(rig.seconds_until(lambda: services[victim].metric(WORKS[victim]) > 0))
        await rig.settle()
    prove(await rig.account(f"kill -9 of the {victim}", len(seconds), seconds))


async def test_kill_9_of_both(rig: Rig, prove: Prove) -> None:
    services = {name: rig.service(name) for name in ("extractor", "sink")}
    await rig.send()
    seconds = []
    with rig.running(*services.values()):
        for moment in rig.moments(rig.size.kills):
            rig.reach(moment)
            for service in services.values():
                service.kill()
            for service in services.values():
                service.start()
            seconds.append(rig.seconds_until(lambda: all(s.metric(WORKS[n]) > 0 for n, s in services.items())))
        await rig.settle()
    prove(await rig.account("kill -9 of both", len(seconds), seconds))


async def test_a_zombie_extractor(rig: Rig, prove: Prove) -> None:
    zombie, heir, sink = rig.service("extractor"), rig.service("extractor", "heir"), rig.service("sink")
    await rig.send()
    with rig.running(zombie, sink):
        rig.reach(0.2)
        zombie.signal(signal.SIGSTOP)
        with rig.running(heir, ready=False):
            # The group gives the heir something to do only after the zombie's session.
            seconds = rig.seconds_until(lambda: heir.metric(WORKS["extractor"]) > 0)
            rig.reach(0.5)
            zombie.signal(signal.SIGCONT)
            await rig.settle(zombie, heir, sink)
    prove(await rig.account("SIGSTOP of the extractor beyond the session timeout, SIGCONT", 1, [seconds]))


async def test_workers_come_and_go(rig: Rig, prove: Prove) -> None:
    first, second, third = (rig.service("extractor", f"extractor-{n}") for n in range(3))
    sink = rig.service("sink")
    await rig.send()
    with rig.running(first, sink):
        rig.reach(0.1)
        with rig.running(second):
            rig.reach(0.3)
            with rig.running(third):
                rig.reach(0.5)
                assert third.terminate() == 0
            assert second.terminate() == 0
        await rig.settle()
    prove(await rig.account("a second and a third worker come and go", 4))


async def test_sigterm_drains_and_leaves_within_ten_seconds(rig: Rig, prove: Prove) -> None:
    services = rig.service("extractor"), rig.service("sink")
    await rig.send()
    seconds = []
    with rig.running(*services):
        for moment in rig.moments(rig.size.kills):
            rig.reach(moment)
            for service in services:
                # Before its handlers are in place a process dies of SIGTERM, with nothing in work.
                service.wait_ready()
                begin = time.monotonic()
                service.signal(signal.SIGTERM)
                assert service.wait(patience=10) == 0
                seconds.append(time.monotonic() - begin)
                service.start()
        await rig.settle()
    prove(await rig.account("SIGTERM of extractor and sink (seconds to leave)", len(seconds), seconds))
