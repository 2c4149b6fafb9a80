"""Hybrid clocks: always forward, and not led astray."""

from hypothesis import given
from hypothesis import strategies as st

from syncore.core.hybrid_clock import HybridTime, advance, from_milliseconds, milliseconds, observe
from syncore.core.limits import MAX_CLOCK_DRIFT_MS, MAX_HYBRID_TIME

readings = st.integers(0, MAX_HYBRID_TIME - 1).map(HybridTime)
times = st.integers(0, 2**47 - 1)


@given(readings, times)
def test_a_clock_always_moves_forward(last: HybridTime, now_ms: int) -> None:
    """The next reading is greater than the last, and not behind the wall clock."""
    following = advance(last, now_ms)
    assert following > last
    assert milliseconds(following) >= min(now_ms, milliseconds(HybridTime(MAX_HYBRID_TIME)))


def test_a_clock_at_its_end_stays_there() -> None:
    """The greatest reading has no next one, and overflows nothing."""
    assert advance(HybridTime(MAX_HYBRID_TIME), 0) == MAX_HYBRID_TIME


@given(readings, readings, times)
def test_what_was_seen_is_behind(last: HybridTime, remote: HybridTime, now_ms: int) -> None:
    """After seeing a plausible reading, the next one is greater; an implausible one changes nothing."""
    seen = observe(last, remote, now_ms)
    if milliseconds(remote) <= now_ms + MAX_CLOCK_DRIFT_MS:
        assert seen == max(last, remote)
    else:
        assert seen == last


@given(times)
def test_milliseconds_come_back(time_ms: int) -> None:
    """A reading holds its wall time, and is the first of its millisecond."""
    reading = from_milliseconds(time_ms)
    assert milliseconds(reading) == time_ms
    assert reading == 0 or milliseconds(HybridTime(reading - 1)) == time_ms - 1
