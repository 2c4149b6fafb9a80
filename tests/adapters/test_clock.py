"""Tests of syncore.adapters.clock."""

import time
from datetime import UTC, datetime

from syncore.adapters.clock import SystemClock
from syncore.core.ports import Clock


def test_wall_time_is_in_milliseconds_since_1970() -> None:
    """The reading lies between two readings of the standard library's clock."""
    clock: Clock = SystemClock()
    before = time.time_ns()
    reading_ms = clock.now_ms()
    after = time.time_ns()
    assert before // 10**6 <= reading_ms <= after // 10**6
    assert datetime.fromtimestamp(reading_ms / 1000, tz=UTC).year > 2020


def test_monotonic_time_is_in_milliseconds_and_never_runs_backwards() -> None:
    """A hundred readings rise or stay, between two readings of the standard library's clock."""
    clock: Clock = SystemClock()
    before = time.monotonic_ns()
    readings = [clock.monotonic_ms() for _ in range(100)]
    after = time.monotonic_ns()
    assert readings == sorted(readings)
    assert before // 10**6 <= readings[0]
    assert readings[-1] <= after // 10**6
