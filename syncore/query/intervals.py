"""Sets of keys as sorted, disjoint intervals, each from its first bytes up to, not including, its second.

Pure arithmetic of what an index has to be searched for. An upper bound of None is above everything.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from syncore.query.keys import complement, successor

Interval = tuple[bytes, bytes | None]
Intervals = tuple[Interval, ...]

ALL: Final[Intervals] = ((b"", None),)
NOTHING: Final[Intervals] = ()


def beginning_with(prefix: bytes) -> Interval:
    """Everything that begins so."""
    return prefix, successor(prefix)


def union(intervals: Iterable[Interval]) -> Intervals:
    """All that is in any of them."""
    merged: list[Interval] = []
    for low, high in sorted(intervals, key=lambda one: one[0]):
        if is_empty((low, high)):
            continue
        if merged and reaches(merged[-1][1], low):
            merged[-1] = (merged[-1][0], greater_bound(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def intersection(some: Intervals, others: Intervals) -> Intervals:
    """What is in both."""
    return union(
        (max(low, other_low), lesser_bound(high, other_high))
        for low, high in some
        for other_low, other_high in others
    )


def without(taken: Intervals) -> Intervals:
    """All that is in none of them."""
    kept: list[Interval] = []
    start: bytes | None = b""
    for low, high in taken:
        assert start is not None, "sorted and disjoint"
        kept.append((start, low))
        start = high
    if start is not None:
        kept.append((start, None))
    return union(kept)


def is_within(some: Intervals, others: Intervals) -> bool:
    """Whether all of the first is in the second."""
    return intersection(some, others) == some


def is_inside(key: bytes, intervals: Intervals) -> bool:
    """Whether a key is in one of them."""
    return any(low <= key and (high is None or key < high) for low, high in intervals)


def reversed_order(intervals: Sequence[Interval]) -> Intervals:
    """The same set among the complements of keys.

    Both bounds are beginnings of keys or the successors of such: so no key ends inside one of them.
    """
    return union(_reversed(interval) for interval in intervals)


def is_empty(interval: Interval) -> bool:
    """Whether nothing is in it."""
    low, high = interval
    return high is not None and high <= low


def reaches(high: bytes | None, low: bytes) -> bool:
    """Whether an interval that ends at ``high`` leaves no gap before one that begins at ``low``."""
    return high is None or high >= low


def greater_bound(one: bytes | None, other: bytes | None) -> bytes | None:
    """The greater of two upper bounds."""
    return None if one is None or other is None else max(one, other)


def lesser_bound(one: bytes | None, other: bytes | None) -> bytes | None:
    """The lesser of two upper bounds."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _reversed(interval: Interval) -> Interval:
    low, high = interval
    if high is None:
        start: bytes | None = b""
    else:
        start = successor(complement(high))
    end = successor(complement(low)) if low else None
    return (b"\xff", b"") if start is None else (start, end)
