"""The running hash at every offset of the relay's log as it was shown here, in its last two generations.

What other members' receipts are compared with (``docs/formats/session.md``).
"""

from collections.abc import Iterable

from syncore.core.ports import SqlConnection
from syncore.storage.protection import protect, recover


class RunningRows:
    """Reads and writes the running hashes of one space inside one transaction."""

    def __init__(self, sql: SqlConnection, space: int) -> None:
        """Work within ``sql`` on the space with that local number."""
        self._sql = sql
        self._space = space

    def add(self, generation: bytes, offset: int, hashes: Iterable[bytes]) -> None:
        """Keep the running hashes from an offset on; what was kept there gives way."""
        self._sql.execute_many(
            "INSERT OR REPLACE INTO running_hashes VALUES (?, ?, ?, ?)",
            [
                (self._space, generation, place, protect(running))
                for place, running in enumerate(hashes, start=offset)
            ],
        )

    def at(self, generation: bytes, offset: int) -> bytes | None:
        """The running hash at an offset, or None if it is not kept."""
        found = self._sql.row(
            "SELECT running FROM running_hashes WHERE space = ? AND generation = ? AND log_offset = ?",
            (self._space, generation, offset),
        )
        return None if found is None else recover(found[0], what=f"the running hash at offset {offset}")

    def forget_all_but(self, generation: bytes) -> None:
        """Forget every other generation."""
        self._sql.execute(
            "DELETE FROM running_hashes WHERE space = ? AND generation != ?", (self._space, generation)
        )
