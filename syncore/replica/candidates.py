"""Documents come by along a way, a bounded number at a time, each time in a read of its own.

Between two reads others may write: the place stays, and what is there by then is read. An index that was
dropped meanwhile ends the way with :class:`WayGone`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection
from syncore.query.intervals import Interval, intersection
from syncore.query.keys import successor
from syncore.query.planning import Way
from syncore.storage.document_rows import DocumentRows
from syncore.storage.index_rows import IndexRow, IndexRows, IndexStage


class WayGone(Exception):
    """The index of a way is not there any more: nobody's fault, the caller plans anew."""


class Candidate(NamedTuple):
    """A document that was come by: its key in the index (empty without one), its key, its projection."""

    entry: bytes
    key: DocumentKey
    projection: bytes


class Candidates:
    """What a way passes, from a place on.

    Attributes:
        is_done: Whether nothing is left.
    """

    def __init__(
        self,
        way: Way,
        index: IndexRow | None,
        collection: str,
        ranges: Sequence[Interval],
        after_id: str = "",
    ) -> None:
        """Begin.

        Args:
            way: The way.
            index: Its index, if it leads through one.
            collection: Of which collection.
            ranges: Where in the index to look, instead of in all ranges of the way.
            after_id: Without an index: behind which id.
        """
        self.is_done = False
        self._is_backwards = way.is_backwards
        self._index = index
        self._collection = collection
        self._ranges = list(reversed(ranges) if way.is_backwards else ranges)
        self._after_id = after_id

    def read(self, sql: SqlConnection, space: int, size: int) -> list[Candidate]:
        """The next ones, at most ``size``; none does not mean the end.

        Raises:
            WayGone: the index was dropped.
        """
        if self._index is None:
            page = DocumentRows(sql, space).page(self._collection, after=self._after_id, limit=size)
            self.is_done = len(page) < size
            if page:
                self._after_id = page[-1].key.id
            return [Candidate(b"", row.key, row.projection) for row in page]
        rows = IndexRows(sql, space)
        check_there(rows, self._index)
        found: list[Candidate] = []
        while self._ranges and len(found) < size:
            low, high = self._ranges[0]
            limit = size - len(found)
            entries = rows.entries(
                self._index.number, low, high, limit=limit, is_backwards=self._is_backwards
            )
            found += [
                Candidate(one.key, DocumentKey(self._collection, one.id, one.edition), one.projection)
                for one in entries
                if not one.is_deleted
            ]
            if len(entries) < limit:
                self._ranges.pop(0)
            elif self._is_backwards:
                self._ranges[0] = (low, entries[-1].key)
            else:
                self._ranges[0] = (entries[-1].key + b"\x00", high)
        self.is_done = not self._ranges
        return found


def check_there(rows: IndexRows, index: IndexRow) -> None:
    """Make sure that an index is what it was.

    Raises:
        WayGone: it was dropped.
    """
    there = rows.of_collection(index.collection)
    if not any(
        row.number == index.number and row.stage is IndexStage.COMPLETE and row.definition == index.definition
        for row in there
    ):
        raise WayGone


def behind(way: Way, prefix: bytes) -> Sequence[Interval]:
    """What is left of a way's ranges behind all keys that begin so."""
    if way.is_backwards:
        return intersection(way.ranges, ((b"", prefix),))
    start = successor(prefix)
    return () if start is None else intersection(way.ranges, ((start, None),))
