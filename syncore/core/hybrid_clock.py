"""Hybrid logical clocks (Kulkarni et al., 2014): wall time that never runs backwards for one writer.

A reading is one integer, ``milliseconds since 1970 << 16 | counter``, so that readings compare as numbers.
Clocks only break ties among concurrent writes: a wrong one can win a tie and nothing else.
"""

from typing import NewType

from syncore.core.limits import MAX_CLOCK_DRIFT_MS, MAX_HYBRID_TIME

HybridTime = NewType("HybridTime", int)

COUNTER_BITS = 16


def from_milliseconds(time_ms: int) -> HybridTime:
    """The earliest reading of a millisecond since 1970."""
    return HybridTime(time_ms << COUNTER_BITS)


def milliseconds(time: HybridTime) -> int:
    """The wall time of a reading, in milliseconds since 1970."""
    return time >> COUNTER_BITS


def advance(last: HybridTime, now_ms: int) -> HybridTime:
    """The next reading after ``last`` at wall time ``now_ms``: always greater than ``last``."""
    return HybridTime(min(max(last + 1, from_milliseconds(now_ms)), MAX_HYBRID_TIME))


def observe(last: HybridTime, remote: HybridTime, now_ms: int) -> HybridTime:
    """The reading to continue from after seeing ``remote``.

    A remote clock more than ``MAX_CLOCK_DRIFT_MS`` ahead of our own is not adopted: one broken clock must not
    drag everybody's into the future for ever.
    """
    if milliseconds(remote) > now_ms + MAX_CLOCK_DRIFT_MS:
        return last
    return max(last, remote)
