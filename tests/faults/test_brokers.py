"""Nothing lost, nothing twice when the broker is killed, silent, or not there yet."""

import asyncio

import pytest

from services.broker import LocalBroker
from tests.faults.conftest import Prove
from tests.faults.rig import Rig
from tests.processes import until

pytestmark = pytest.mark.faults


async def test_kill_9_of_the_broker(rig: Rig, fragile: LocalBroker, prove: Prove) -> None:
    extractor, sink = rig.service("extractor"), rig.service("sink")
    await rig.send()
    seconds = []
    with rig.running(extractor, sink):
        for moment in rig.moments(rig.size.outages):
            rig.reach(moment)
            fragile.kill()
            await asyncio.to_thread(fragile.restart)
            seconds.append(rig.seconds_to_store(extractor, sink))
        await rig.settle(extractor, sink)
    prove(await rig.account("kill -9 of the broker, restarted (seconds from then)", len(seconds), seconds))


async def test_a_broker_away_in_mid_stream(rig: Rig, fragile: LocalBroker, prove: Prove) -> None:
    extractor, sink = rig.service("extractor"), rig.service("sink")
    await rig.send()
    with rig.running(extractor, sink):
        rig.reach(0.3)
        fragile.kill()
        await asyncio.sleep(rig.size.away_seconds)
        await asyncio.to_thread(fragile.restart)
        seconds = rig.seconds_to_store(extractor, sink)
        await rig.settle(extractor, sink)
    prove(await rig.account("broker away in mid-stream", 1, [seconds]))


async def test_a_broker_that_hangs_in_mid_stream(rig: Rig, fragile: LocalBroker, prove: Prove) -> None:
    extractor, sink = rig.service("extractor"), rig.service("sink")
    await rig.send()
    with rig.running(extractor, sink):
        rig.reach(0.3)
        fragile.suspend()
        await asyncio.sleep(rig.size.away_seconds)
        fragile.resume()
        seconds = rig.seconds_to_store(extractor, sink)
        await rig.settle(extractor, sink)
    prove(await rig.account("broker hangs in mid-stream (SIGSTOP, SIGCONT)", 1, [seconds]))


async def test_a_broker_that_is_not_there_yet(rig: Rig, fragile: LocalBroker, prove: Prove) -> None:
    services = extractor, sink = rig.service("extractor"), rig.service("sink")
    await rig.send()
    fragile.kill()
    try:
        with rig.running(*services, ready=False):
            for service in services:
                service.wait_for_log("waiting for the broker")
                until(lambda service=service: service.get("/readyz")[0] == 503, "says that it is not ready")
                assert fragile.bootstrap_servers in service.checks("/readyz")["broker"]
                assert service.get("/livez")[0] == 200
            await asyncio.to_thread(fragile.restart)
            seconds = rig.seconds_to_store()
            await rig.settle()
            assert extractor.running
            assert sink.running
    finally:
        if fragile.pid is None:
            fragile.restart()
    prove(await rig.account("broker unreachable at start, then there", 1, [seconds]))
