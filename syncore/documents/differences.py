"""The least splice that turns one text or list into another: what lies between their common ends."""

from collections.abc import Sequence
from typing import TypeVar

Whole = TypeVar("Whole", bound=Sequence[object])


def find_splice(old: Whole, new: Whole) -> tuple[int, int, Whole]:
    """The position, how many items to delete there, and what to insert, to make ``new`` of ``old``."""
    shorter = min(len(old), len(new))
    start = _count_equal(old, new, shorter)
    end = _count_equal_from_end(old, new, shorter - start)
    inserted = new[start : len(new) - end]
    return start, len(old) - end - start, inserted  # type: ignore[return-value]


def _count_equal(old: Sequence[object], new: Sequence[object], high: int) -> int:
    """How many leading items agree, of at most ``high``: slices are compared, halving what is unknown."""
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _count_equal_from_end(old: Sequence[object], new: Sequence[object], high: int) -> int:
    """How many trailing items agree, of at most ``high``."""
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    return low
