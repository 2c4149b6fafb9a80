"""A map that forgets what was used least recently once it is full."""

from collections import OrderedDict
from collections.abc import ItemsView, Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class LeastRecentCache(Generic[K, V]):
    """At most ``capacity`` values; looking one up or storing it makes it the most recent."""

    def __init__(self, capacity: int) -> None:
        """Start empty."""
        assert capacity > 0
        self._capacity = capacity
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value under a key, or None."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep a value; call :meth:`trim` once it may be forgotten again."""
        self._values[key] = value
        self._values.move_to_end(key)

    def discard(self, key: K) -> None:
        """Forget a value, if it is there."""
        self._values.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()

    def trim(self) -> None:
        """Forget the least recent values beyond the capacity.

        Separate from :meth:`put`, so that what a transaction under way has changed cannot be forgotten before
        it ends.
        """
        while len(self._values) > self._capacity:
            self._values.popitem(last=False)

    def items(self) -> ItemsView[K, V]:
        """Keys and values, least recent first; looking at them makes none of them more recent."""
        return self._values.items()

    def __len__(self) -> int:
        """How many values are kept."""
        return len(self._values)

    def __iter__(self) -> Iterator[K]:
        """The keys, least recent first."""
        return iter(self._values)
