"""What a replica holds of a space's sequenced log, and what it has sealed itself.

Owns segments, control records, heads, closed writers and entries that wait for a later version.
"""

from dataclasses import dataclass

from syncore.core.errors import IntegrityError
from syncore.core.identifiers import Writer
from syncore.core.ports import Row, SqlConnection
from syncore.storage.protection import blob, integer, protect, recover, text


@dataclass(frozen=True, slots=True)
class SealedRow:
    """An own segment: durable and of fixed bytes, not yet acknowledged."""

    sequence: int
    writer: Writer
    first: int
    last: int
    hash: bytes
    segment: bytes


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A held segment: its place among those of its space, and when it arrived here (since 1970)."""

    position: int
    hash: bytes
    segment: bytes
    arrived_ms: int


@dataclass(frozen=True, slots=True)
class WriterRow:
    """How far a writer is in: number and hash of its last segment, and what its segments depend on."""

    writer: Writer
    number: int
    hash: bytes
    reach: bytes


@dataclass(frozen=True, slots=True)
class ClosedWriterRow:
    """A writer that sent an invalid segment: the last good number, why, and the segment that shows it."""

    writer: Writer
    number: int
    reason: str
    evidence: bytes


class LogRows:
    """Reads and writes the log of one space inside one transaction."""

    def __init__(self, sql: SqlConnection, space: int) -> None:
        """Work within ``sql`` on the space with that local number."""
        self._sql = sql
        self._space = space

    def add_segment(
        self, *, writer: Writer, first: int, last: int, hash_: bytes, segment: bytes, arrived_ms: int
    ) -> None:
        """Keep a segment of the relay's log behind all that are kept: what it depends on is before it."""
        self._sql.execute(
            "INSERT INTO segments SELECT ?,"
            " coalesce((SELECT max(position) FROM segments WHERE space = ?), 0) + 1, ?, ?, ?, ?, ?, ?",
            (self._space, self._space, writer, first, last, hash_, protect(segment), arrived_ms),
        )

    def mend_segment(self, writer: Writer, last: int, segment: bytes) -> bool:
        """Replace a held segment by the same one, come anew, if it is damaged; whether it was."""
        found = self._sql.row(
            "SELECT segment FROM segments WHERE space = ? AND writer = ? AND last = ?",
            (self._space, writer, last),
        )
        if found is None:
            return False
        try:
            recover(found[0], what="a segment")
        except IntegrityError:
            self._sql.execute(
                "UPDATE segments SET segment = ? WHERE space = ? AND writer = ? AND last = ?",
                (protect(segment), self._space, writer, last),
            )
            return True
        return False

    def segment_of(self, writer: Writer, number: int) -> SegmentRow | None:
        """The held segment that carries a writer's commit, or None."""
        found = self._sql.row(
            "SELECT position, first, hash, segment, arrived_ms FROM segments"
            " WHERE space = ? AND writer = ? AND last >= ? ORDER BY last LIMIT 1",
            (self._space, writer, number),
        )
        if found is None or integer(found[1]) > number:
            return None
        position, _, hash_, segment, arrived_ms = found
        return SegmentRow(
            integer(position), blob(hash_), recover(segment, what="a segment"), integer(arrived_ms)
        )

    def segment_hash(self, writer: Writer, number: int) -> bytes | None:
        """The hash of the writer's segment that ends with commit ``number``, or None."""
        found = self._sql.row(
            "SELECT hash FROM segments WHERE space = ? AND writer = ? AND last = ?",
            (self._space, writer, number),
        )
        return None if found is None else blob(found[0])

    def segments(self, *, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Positions and bytes of held segments behind a position, in the order in which they came in."""
        found = self._sql.rows(
            "SELECT position, segment FROM segments WHERE space = ? AND position > ?"
            " ORDER BY position LIMIT ?",
            (self._space, after, limit),
        )
        return [
            (integer(position), recover(data, what=f"the segment at position {position!r}"))
            for position, data in found
        ]

    def segment(self, position: int) -> bytes:
        """The bytes of the segment at a position."""
        found = self._sql.row(
            "SELECT segment FROM segments WHERE space = ? AND position = ?", (self._space, position)
        )
        return recover(None if found is None else found[0], what=f"the segment at position {position}")

    def last_position(self) -> int:
        """How many segments are kept: positions count from 1 without gap."""
        found = self._sql.row("SELECT max(position) FROM segments WHERE space = ?", (self._space,))
        return 0 if found is None or found[0] is None else integer(found[0])

    def segment_behind(self, writer: Writer, number: int) -> bytes | None:
        """The hash of the writer's first kept segment that ends behind a commit, or None."""
        found = self._sql.row(
            "SELECT hash FROM segments WHERE space = ? AND writer = ? AND last > ? ORDER BY last LIMIT 1",
            (self._space, writer, number),
        )
        return None if found is None else blob(found[0])

    def add_control(self, sequence: int, item: bytes) -> None:
        """Keep an accepted control record."""
        self._sql.execute("INSERT INTO control VALUES (?, ?, ?)", (self._space, sequence, protect(item)))

    def control_item(self, sequence: int) -> bytes:
        """The control record with that sequence."""
        found = self._sql.row(
            "SELECT item FROM control WHERE space = ? AND sequence = ?", (self._space, sequence)
        )
        return recover(None if found is None else found[0], what="a control record")

    def control(self) -> list[bytes]:
        """The control log in order."""
        found = self._sql.rows("SELECT item FROM control WHERE space = ? ORDER BY sequence", (self._space,))
        return [recover(row[0], what="a control record") for row in found]

    def write_head(self, row: WriterRow) -> None:
        """Move a writer's head."""
        self._sql.execute(
            "INSERT OR REPLACE INTO writers VALUES (?, ?, ?, ?, ?)",
            (self._space, row.writer, row.number, row.hash, protect(row.reach)),
        )

    def heads(self) -> list[WriterRow]:
        """Every writer's head."""
        found = self._sql.rows(
            "SELECT writer, number, hash, reach FROM writers WHERE space = ?", (self._space,)
        )
        return [
            WriterRow(Writer(integer(w)), integer(n), blob(h), recover(r, what="a writer's head"))
            for w, n, h, r in found
        ]

    def close_writer(self, row: ClosedWriterRow) -> None:
        """Accept nothing more of a writer, and keep the evidence."""
        self._sql.execute(
            "INSERT OR IGNORE INTO closed_writers VALUES (?, ?, ?, ?, ?)",
            (self._space, row.writer, row.number, row.reason, protect(row.evidence)),
        )

    def closed_writers(self) -> list[ClosedWriterRow]:
        """The writers that were closed."""
        found = self._sql.rows(
            "SELECT writer, number, reason, evidence FROM closed_writers WHERE space = ? ORDER BY writer",
            (self._space,),
        )
        return [
            ClosedWriterRow(
                Writer(integer(w)), integer(n), text(r), recover(e, what="evidence against a writer")
            )
            for w, n, r, e in found
        ]

    def add_sealed(self, row: SealedRow) -> None:
        """Keep an own segment that was sealed just now."""
        self._sql.execute(
            "INSERT INTO sealed VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._space, row.sequence, row.writer, row.first, row.last, row.hash, protect(row.segment)),
        )

    def sealed(self) -> list[SealedRow]:
        """Own segments that wait for the relay, oldest first."""
        found = self._sql.rows(
            "SELECT sequence, writer, first, last, hash, segment FROM sealed WHERE space = ?"
            " ORDER BY sequence",
            (self._space,),
        )
        return [_sealed_row(row) for row in found]

    def remove_sealed(self, hash_: bytes) -> None:
        """Forget a sealed segment that the relay's log holds now."""
        self._sql.execute("DELETE FROM sealed WHERE space = ? AND hash = ?", (self._space, hash_))

    def remove_all_sealed(self) -> None:
        """Forget all sealed segments: their commits get new names."""
        self._sql.execute("DELETE FROM sealed WHERE space = ?", (self._space,))

    def keep_waiting(self, writer: Writer, number: int, ordinal: int, kind: int, body: bytes) -> None:
        """Keep an entry of a kind that this version cannot read."""
        self._sql.execute(
            "INSERT OR REPLACE INTO waiting_entries VALUES (?, ?, ?, ?, ?, ?)",
            (self._space, writer, number, ordinal, kind, protect(body)),
        )


def _sealed_row(row: Row) -> SealedRow:
    sequence, writer, first, last, hash_, segment = row
    return SealedRow(
        integer(sequence), Writer(integer(writer)), integer(first), integer(last), blob(hash_),
        recover(segment, what="a sealed segment"),
    )  # fmt: skip
