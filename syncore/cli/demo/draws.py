"""Draws: choices that look random and follow from a seed alone, the same on every machine and Python.

Owns the generator: BLAKE2b of a counter, keyed with the seed. Not for secrets.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

Item = TypeVar("Item")

_DRAW_BYTES = 8


class Draws:
    """An endless series of draws."""

    def __init__(self, *seed: object) -> None:
        """Begin the series of a seed, which is anything that is written in one way."""
        self._key = blake2b(repr(seed).encode(), digest_size=32).digest()
        self._count = 0

    def below(self, bound: int) -> int:
        """A number from 0 up to, not including, ``bound``."""
        self._count += 1
        drawn = blake2b(self._count.to_bytes(8, "big"), key=self._key, digest_size=_DRAW_BYTES).digest()
        return int.from_bytes(drawn, "big") % bound

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.below(len(items))]

    def sample(self, items: Sequence[Item], count: int) -> list[Item]:
        """So many different items, or all if there are fewer, in the order drawn."""
        waiting = list(items)
        return [waiting.pop(self.below(len(waiting))) for _ in range(min(count, len(waiting)))]
