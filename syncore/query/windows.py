"""The first so many of all that satisfies a query, kept in order while documents change.

A window knows everything up to its horizon and nothing behind it. It keeps some more than are shown, so that
one that goes is mostly followed by one that is here already; when they are used up, what is lacking is read
from behind the horizon, not from the start.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from syncore.query.ordering import Place

T = TypeVar("T")

MAX_RESERVE: Final = 100
"""Entries kept beyond those that are shown: what one reading step brings."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A document in a result.

    Attributes:
        id: Its id.
        sort_key: Bytes that stand in the order of the result; no two documents have the same.
        place: Where to go on behind it.
        packed: Its content; equal bytes are equal content.
        item: What programs get for it.
    """

    id: str
    sort_key: bytes
    place: Place
    packed: bytes
    item: T


class Window(Generic[T]):
    """A part of a result, from its beginning on.

    Attributes:
        is_complete: Whether nothing is behind the horizon.
        horizon: The place of the last document that is known for certain; None before anything was read.
        revision: Rises whenever what is shown may have changed.
    """

    def __init__(self, limit: int | None) -> None:
        """Know nothing yet.

        Args:
            limit: How many are shown at most; None for all.
        """
        self.is_complete = limit == 0
        self.horizon: Place | None = None
        self.revision = 0
        self._limit = limit
        self._capacity = None if limit is None else limit + min(limit, MAX_RESERVE)
        self._horizon_key = b""
        self._entries: list[Entry[T]] = []
        self._sort_keys: list[bytes] = []
        self._sort_key_by_id: dict[str, bytes] = {}

    def __len__(self) -> int:
        """How many documents are held."""
        return len(self._entries)

    @property
    def shown(self) -> list[Entry[T]]:
        """The result, as far as it is wanted."""
        return self._entries[: self._limit]

    @property
    def lacking(self) -> int | None:
        """How many have to be read from behind the horizon; None for all, 0 if nothing is amiss."""
        if self.is_complete:
            return 0
        if self._limit is None or self._capacity is None:
            return None
        return 0 if len(self._entries) >= self._limit else self._capacity - len(self._entries)

    def extend(self, found: Iterable[Entry[T]], *, is_complete: bool) -> None:
        """Take in what was read from behind the horizon, in order.

        Args:
            found: The entries.
            is_complete: Whether nothing is behind them.
        """
        self.is_complete = True  # so that they are taken
        last: Entry[T] | None = None
        for last in found:
            self.put(last)
        assert self.is_complete, "no more is read than is lacking"
        self.is_complete = is_complete
        if not is_complete and last is not None:
            self._see_to(last)

    def knows(self, sort_key: bytes) -> bool:
        """Whether a document at that place belongs in the window."""
        if self.is_complete:
            return self._limit != 0
        return sort_key <= self._horizon_key

    def put(self, entry: Entry[T]) -> None:
        """Take a document in that is new or has changed."""
        old = self._sort_key_by_id.get(entry.id)
        if old == entry.sort_key:
            position = bisect_left(self._sort_keys, old)
            if self._entries[position].packed != entry.packed:
                self._entries[position] = entry
                self._note(position)
            return
        self.remove(entry.id)
        if not self.knows(entry.sort_key):
            return
        position = bisect_left(self._sort_keys, entry.sort_key)
        self._sort_keys.insert(position, entry.sort_key)
        self._entries.insert(position, entry)
        self._sort_key_by_id[entry.id] = entry.sort_key
        self._note(position)
        if self._capacity is not None and len(self._entries) > self._capacity:
            self._sort_keys.pop()
            del self._sort_key_by_id[self._entries.pop().id]
            self.is_complete = False
            self._see_to(self._entries[-1])

    def remove(self, id_: str) -> None:
        """Let a document go, if it is here."""
        sort_key = self._sort_key_by_id.pop(id_, None)
        if sort_key is None:
            return
        position = bisect_left(self._sort_keys, sort_key)
        del self._sort_keys[position]
        del self._entries[position]
        self._note(position)

    def _note(self, position: int) -> None:
        if self._limit is None or position < self._limit:
            self.revision += 1

    def _see_to(self, entry: Entry[T]) -> None:
        self.horizon, self._horizon_key = entry.place, entry.sort_key
