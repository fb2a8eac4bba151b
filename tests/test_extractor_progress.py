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


def test_lag_in_seconds_is_the_age_of_the_oldest_message_that_waits(progress: Progress, clock: Clock) -> None:
    """Under steady load something always waits, and yet nothing is old."""
    progress.observe({FIRST: 0}, {FIRST: 0})
    for step in range(1, 200):
        clock.now += 3
        progress.observe({FIRST: 10 * step}, {FIRST: 10 * step - 10})
        assert (lag(FIRST), lag(FIRST, "seconds")) == (10, 0)
    clock.now += 30
    progress.observe({FIRST: 5000}, {FIRST: 1985})
    assert lag(FIRST, "seconds") == 30
    progress.observe({FIRST: 5000}, {FIRST: 1990})
    assert lag(FIRST, "seconds") == 0, "what waits now has just come"


def test_lag_in_seconds_is_never_too_small_however_long_the_queue(progress: Progress, clock: Clock) -> None:
    for step in range(5000):
        clock.now += 1
        progress.observe({FIRST: 10 * (step + 1)}, {})
    assert lag(FIRST, "seconds") == 4999
    progress.observe({FIRST: 50_000}, {FIRST: 25_000})
    assert 2499 <= (lag(FIRST, "seconds") or 0) <= 2499 * 1.05


def test_partition_given_away_is_forgotten(progress: Progress, clock: Clock) -> None:
    progress.observe({FIRST: 10}, {})
    progress.observe({SECOND: 0}, {})
    clock.now += 1_000
    assert progress.stalled() is None
    assert lag(FIRST) is None, "its new owner reports it now"
