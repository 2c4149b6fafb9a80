"""What this file holds of a space and the relay's present log was not yet seen to hold.

Empty unless the relay lost data: then it names every control record and every segment that is kept, and
shrinks as the relay's stream brings them again. A table of its own, because marking the segments themselves
would rewrite them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from syncore.core.ports import SqlConnection
from syncore.storage.protection import blob, integer


class MissingKind(IntEnum):
    """What kind of item is missing; control records go first."""

    CONTROL = 0
    SEGMENT = 1


@dataclass(frozen=True, slots=True)
class MissingRow:
    """An item that the relay lacks.

    Attributes:
        kind: What it is.
        place: The sequence of a control record, the position of a segment: an order that is causal.
        hash: Its hash in the log: a record's link, a segment's hash.
    """

    kind: MissingKind
    place: int
    hash: bytes


class MissingRows:
    """Reads and writes the missing items of one space inside one transaction."""

    def __init__(self, sql: SqlConnection, space: int) -> None:
        """Work within ``sql`` on the space with that local number."""
        self._sql = sql
        self._space = space

    def add_all_segments(self) -> None:
        """Note every segment that is kept."""
        self._sql.execute(
            "INSERT OR IGNORE INTO missing_at_relay SELECT space, ?, position, hash FROM segments"
            " WHERE space = ?",
            (int(MissingKind.SEGMENT), self._space),
        )

    def add_control(self, links: Iterable[bytes]) -> None:
        """Note these control records, from the genesis on."""
        self._sql.execute_many(
            "INSERT OR IGNORE INTO missing_at_relay VALUES (?, ?, ?, ?)",
            [(self._space, int(MissingKind.CONTROL), sequence, link) for sequence, link in enumerate(links)],
        )

    def remove(self, hash_: bytes) -> bool:
        """Note that the relay's log holds an item; whether it was missing."""
        key = (self._space, hash_)
        if self._sql.row("SELECT 1 FROM missing_at_relay WHERE space = ? AND hash = ?", key) is None:
            return False
        self._sql.execute("DELETE FROM missing_at_relay WHERE space = ? AND hash = ?", key)
        return True

    def count(self) -> int:
        """How many items are missing."""
        found = self._sql.row("SELECT count(*) FROM missing_at_relay WHERE space = ?", (self._space,))
        assert found is not None
        return integer(found[0])

    def after(self, kind: MissingKind, place: int, *, limit: int) -> list[MissingRow]:
        """The next missing items behind a place, in their order."""
        found = self._sql.rows(
            "SELECT kind, place, hash FROM missing_at_relay WHERE space = ? AND (kind, place) > (?, ?)"
            " ORDER BY kind, place LIMIT ?",
            (self._space, int(kind), place, limit),
        )
        return [MissingRow(MissingKind(integer(k)), integer(p), blob(h)) for k, p, h in found]
