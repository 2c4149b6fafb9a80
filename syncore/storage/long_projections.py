"""Long projections: kept in parts, so that an edit of a long text writes what it changed and not the whole.

The document's own row holds the beginning of the projection, where its vector is, and the checksum of every
part behind it. So a part that is lost, or that is not the one which belongs to this row, is found like any
other damage. An edit exchanges the parts that it reaches into and leaves the others where they are.

Knows nothing of what a projection says. A stored projection that is not long never begins with the mark,
which no msgpack does.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from syncore.cache.least_recent import LeastRecentCache
from syncore.core.errors import IntegrityError
from syncore.core.limits import KIB
from syncore.core.ports import SqlConnection
from syncore.core.sql_values import SqlValue
from syncore.storage.protection import CHECKSUM_BYTES, protect, recover

LONG_BYTES = 16 * KIB
"""From here on a projection is kept in parts: below, writing two parts and their checksums saves little."""
PART_BYTES = 4_000
"""What a part holds at first: together with its row it fills one page of SQLite's."""
MAX_PART_BYTES = 2 * PART_BYTES
"""A part that is written into again and again grows to this before all are cut anew."""
HEAD_BYTES = 512
"""What is kept in the document's row: the vector, which every commit changes, and the fields' names."""
MAX_LAYOUTS = 16
"""Long projections held in memory to tell what an edit changes: as many as are written to in turn."""
MAX_SHORT = 4_096
"""Documents that are known to have no parts, so that nobody looks for any with every write: a byte each, and
as many as a group of commits can touch."""

_MARK = b"\xc1"
_WHAT = "a document's long projection"


class Layout(NamedTuple):
    """A long projection as it is stored: its beginning, its parts, and these as stored, in order."""

    head: bytes
    parts: tuple[bytes, ...]
    blobs: tuple[bytes, ...]

    @property
    def row(self) -> bytes:
        """What the document's own row holds."""
        sums = b"".join(blob[:CHECKSUM_BYTES] for blob in self.blobs)
        return _MARK + len(self.blobs).to_bytes(4, "big") + sums + self.head


class LongProjections:
    """What is remembered of one space's long projections between transactions.

    Attributes:
        layouts: By the document's row. One that is not here is written as a whole when it changes.
        is_used: Whether there may be any in the file; None before anybody looked.
    """

    def __init__(self) -> None:
        """Remember nothing."""
        self.layouts: LeastRecentCache[int, Layout] = LeastRecentCache(MAX_LAYOUTS)
        self.is_used: bool | None = None
        self._short: LeastRecentCache[int, int] = LeastRecentCache(MAX_SHORT)

    def write(self, sql: SqlConnection, document: int, projection: bytes) -> bytes:
        """Write the parts of a document's projection, none if it is short; what its own row is to hold."""
        if len(projection) < LONG_BYTES:
            if self._short.get(document) is None:
                self._forget(sql, document)
                self._short.put(document, document)
                self._short.trim()
            return projection
        self._short.discard(document)
        before = self.layouts.get(document)
        after = lay_out(projection, before)
        if before is None or len(before.parts) != len(after.parts):
            self._forget(sql, document)
            before = None
        sql.execute_many(
            "INSERT OR REPLACE INTO projection_parts (document, part, bytes) VALUES (?, ?, ?)",
            (
                (document, number, blob)
                for number, blob in enumerate(after.blobs)
                if before is None or before.blobs[number] is not blob
            ),
        )
        self.is_used = True
        self.layouts.put(document, after)
        self.layouts.trim()
        return after.row

    def _forget(self, sql: SqlConnection, document: int) -> None:
        if self.is_used is None:
            self.is_used = sql.row("SELECT 1 FROM projection_parts LIMIT 1") is not None
        if self.is_used:
            sql.execute("DELETE FROM projection_parts WHERE document = ?", (document,))
            self.layouts.discard(document)


def is_in_parts(row: bytes) -> bool:
    """Whether a document's own row holds only the beginning of its projection."""
    return row.startswith(_MARK)


def read_long(sql: SqlConnection, document: int, row: bytes) -> bytes:
    """The projection whose own row holds ``row``, with its parts if it is long.

    Raises:
        IntegrityError: a part is missing or damaged.
    """
    if not is_in_parts(row):
        return row
    found = sql.rows("SELECT bytes FROM projection_parts WHERE document = ? ORDER BY part", (document,))
    return join_long(row, [blob for (blob,) in found])


def join_long(row: bytes, blobs: Sequence[SqlValue]) -> bytes:
    """A long projection, from its own row and its parts as they are stored, in order.

    Raises:
        IntegrityError: a part is missing or damaged.
    """
    head = 5 + CHECKSUM_BYTES * int.from_bytes(row[1:5], "big")
    sums = [row[start : start + CHECKSUM_BYTES] for start in range(5, head, CHECKSUM_BYTES)]
    parts = [recover(blob, what=_WHAT) for blob in blobs]
    if [blob[:CHECKSUM_BYTES] for blob in blobs if isinstance(blob, bytes)] != sums:
        raise IntegrityError(f"{_WHAT} is damaged: a part of it is another one's", what=_WHAT)
    return b"".join([row[head:], *parts])


def lay_out(projection: bytes, before: Layout | None = None) -> Layout:
    """The parts of a long projection, with as many of those before as can stay."""
    parts = None if before is None else _exchange(before, projection)
    if before is None or parts is None:
        parts = _cut(projection[HEAD_BYTES:], -(-(len(projection) - HEAD_BYTES) // PART_BYTES))
        return Layout(projection[:HEAD_BYTES], parts, tuple(map(protect, parts)))
    blobs = tuple(
        blob if part is old else protect(part)
        for part, old, blob in zip(parts, before.parts, before.blobs, strict=True)
    )
    return Layout(projection[:HEAD_BYTES], parts, blobs)


def _exchange(before: Layout, projection: bytes) -> tuple[bytes, ...] | None:
    """As many parts as before, the same objects where nothing changed; None if all are to be cut anew."""
    parts = before.parts
    start, first = HEAD_BYTES, 0
    while first < len(parts) and projection.startswith(parts[first], start):
        start += len(parts[first])
        first += 1
    end, last = len(projection), len(parts)
    while last > first and projection.endswith(parts[last - 1], start, end):
        last -= 1
        end -= len(parts[last])
    if first == last and start < end and first:  # exactly between two parts: it goes into the one before
        first -= 1
        start -= len(parts[first])
    count, size = last - first, end - start
    if not count <= size <= count * MAX_PART_BYTES:
        return None
    return (*parts[:first], *_cut(projection[start:end], count), *parts[last:])


def _cut(data: bytes, count: int) -> tuple[bytes, ...]:
    """The data in so many parts of about the same size."""
    bounds: Sequence[int] = [len(data) * number // count for number in range(count + 1)] if count else ()
    return tuple(data[start:end] for start, end in itertools.pairwise(bounds))
