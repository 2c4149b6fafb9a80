"""What changed between two results: pure, and exact.

Theorem that its tests hold it to: applied to the old result, a difference gives exactly the new one. As few
documents as possible count as moved: all but a longest run of them that kept their order.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from syncore.query.windows import Entry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Added(Generic[T]):
    """A document that is in the new result only.

    Attributes:
        position: Where, from 0, in the new result.
        document: The document.
    """

    position: int
    document: T


@dataclass(frozen=True, slots=True)
class Removed(Generic[T]):
    """A document that is in the old result only: deleted, or it does not satisfy the query any more.

    Attributes:
        position: Where it was in the old result.
        document: The document as it was shown last.
    """

    position: int
    document: T


@dataclass(frozen=True, slots=True)
class Changed(Generic[T]):
    """A document with another content, that did not move.

    Attributes:
        position: Where it is in the new result.
        document: The document.
        before: As it was shown last.
    """

    position: int
    document: T
    before: T


@dataclass(frozen=True, slots=True)
class Moved(Generic[T]):
    """A document that is elsewhere in the order, and mostly has changed too.

    Attributes:
        old_position: Where it was in the old result.
        position: Where it is in the new result.
        document: The document.
        before: As it was shown last.
    """

    old_position: int
    position: int
    document: T
    before: T


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference(Generic[T]):
    """What leads from one result to the next. A document is in one of the four at most.

    To carry it out on a list of one's own: take out what is at the positions of ``removed`` and at the
    ``old_position`` of ``moved``, from the end; put ``added`` and ``moved`` in at their positions, from the
    start; then replace ``changed``. :meth:`apply` does that.

    Attributes:
        removed: By position in the old result.
        added, moved, changed: By position in the new result.
    """

    removed: tuple[Removed[T], ...] = ()
    added: tuple[Added[T], ...] = ()
    moved: tuple[Moved[T], ...] = ()
    changed: tuple[Changed[T], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.removed or self.added or self.moved or self.changed)

    def apply(self, result: Sequence[T]) -> list[T]:
        """The new result, given the old one."""
        gone = {one.position for one in self.removed} | {one.old_position for one in self.moved}
        found = [one for position, one in enumerate(result) if position not in gone]
        come = [(one.position, one.document) for one in self.added]
        come += [(one.position, one.document) for one in self.moved]
        for position, document in sorted(come, key=lambda one: one[0]):
            found.insert(position, document)
        for change in self.changed:
            found[change.position] = change.document
        return found


def difference(old: Sequence[Entry[T]], new: Sequence[Entry[T]]) -> Difference[T]:
    """What leads from one result to another; each has a document once."""
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    stop_old, stop_new = len(old) - end, len(new) - end
    old_places = {old[place].id: place for place in range(start, stop_old)}
    common: list[tuple[int, int]] = []
    added: list[Added[T]] = []
    for place in range(start, stop_new):
        entry = new[place]
        was = old_places.pop(entry.id, None)
        if was is None:
            added.append(Added(place, entry.item))
        else:
            common.append((was, place))
    kept = set(_longest_rising([was for was, _ in common]))
    moved = [Moved(was, place, new[place].item, old[was].item) for was, place in common if was not in kept]
    stayed = [(was, place) for was, place in common if was in kept]
    stayed = [
        *((place, place) for place in range(start)),
        *stayed,
        *zip(range(stop_old, len(old)), range(stop_new, len(new)), strict=True),
    ]
    return Difference(
        removed=tuple(Removed(place, old[place].item) for place in sorted(old_places.values())),
        added=tuple(added),
        moved=tuple(moved),
        changed=tuple(
            Changed(place, new[place].item, old[was].item)
            for was, place in stayed
            if old[was] is not new[place] and old[was].packed != new[place].packed
        ),
    )


def _alike(old: Sequence[Entry[T]], new: Sequence[Entry[T]]) -> int:
    """How many documents both begin with."""
    for place, (one, other) in enumerate(zip(old, new, strict=False)):
        if one is not other and one.id != other.id:
            return place
    return min(len(old), len(new))


def _longest_rising(numbers: Sequence[int]) -> list[int]:
    """A longest rising part of different numbers, in their order (patience sorting)."""
    tails: list[int] = []
    ends: list[int] = []  # the place in `numbers` of each tail
    before: list[int] = []
    for place, number in enumerate(numbers):
        pile = bisect_left(tails, number)
        before.append(ends[pile - 1] if pile else -1)
        if pile == len(tails):
            tails.append(number)
            ends.append(place)
        else:
            tails[pile], ends[pile] = number, place
    found: list[int] = []
    place = ends[-1] if ends else -1
    while place >= 0:
        found.append(numbers[place])
        place = before[place]
    return found[::-1]
