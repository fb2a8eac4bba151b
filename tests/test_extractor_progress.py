"""The watchdog behind /livez, and the lag in the metrics."""

import pytest
from aiokafka import TopicPartition
from prometheus_client import REGISTRY

from services.dead_letters.record import Origin
from services.extractor.progress import Progress

FIRST, SECOND = TopicPartition("articles", 0), TopicPartition("articles", 1)


class Clock:
    """Seconds that pass when they are told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> Progress:
    return Progress("group", stall_seconds=60, clock=clock)


def lag(partition: TopicPartition, unit: str = "messages") -> float | None:
    labels = {"group": "group", "topic": partition.topic, "partition": str(partition.partition)}
    return REGISTRY.get_sample_value(f"lagebild_consumer_lag_{unit}", labels)


def test_nothing_to_do_is_no_stall(progress: Progress, clock: Clock) -> None:
    progress.observe({FIRST: 5}, {FIRST: 5})
    clock.now += 1_000
    assert progress.stalled() is None


def test_messages_that_wait_without_progress_are_a_stall(progress: Progress, clock: Clock) -> None:
    clock.now += 1_000
    progress.observe({FIRST: 5}, {FIRST: 2})
    clock.now += 60
    assert progress.stalled() is None, "the time runs from when they were seen to wait"
    clock.now += 1
    assert progress.stalled() == "messages wait, and none has been finished for 61 s"


@pytest.mark.parametrize("step", ["touch", "begin", "finish"])
def test_every_step_is_progress(progress: Progress, clock: Clock, step: str) -> None:
    progress.observe({FIRST: 5}, {FIRST: 0})
    clock.now += 50
    match step:
        case "touch":
            progress.touch()
        case "begin":
            progress.begin([Origin("articles", 0, 0, 0, None, None)])
        case "finish":
            progress.finish(FIRST, 0)
    clock.now += 50
    assert progress.stalled() is None
    clock.now += 11
    assert progress.stalled() is not None


def test_lag_is_what_is_not_finished(progress: Progress, clock: Clock) -> None:
    progress.observe({FIRST: 10, SECOND: 3}, {FIRST: 4, SECOND: 3})
    assert (lag(FIRST), lag(SECOND)) == (6, 0)
    progress.finish(FIRST, 7)
    clock.now += 5
    progress.observe({FIRST: 10, SECOND: 3}, {FIRST: 4, SECOND: 3})
    assert (lag(FIRST), lag(FIRST, "seconds"), lag(SECOND, "seconds")) == (2, 5, 0)


def test_partition_given_away_is_forgotten(progress: Progress, clock: Clock) -> None:
    progress.observe({FIRST: 10}, {})
    progress.observe({SECOND: 0}, {})
    clock.now += 1_000
    assert progress.stalled() is None
    assert lag(FIRST) is None, "its new owner reports it now"
