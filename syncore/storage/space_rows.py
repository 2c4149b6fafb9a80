"""The spaces of a replica, and the few values that belong to the file as a whole."""

from dataclasses import dataclass

from syncore.core.identifiers import SpaceId, Writer
from syncore.core.ports import Row, SqlConnection
from syncore.storage.protection import blob, integer, protect, recover

_COLUMNS = "space, id, is_default, writer, generation, log_offset, running_hash, receipt, relay_losses"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceRow:
    """A space as the file holds it.

    Attributes:
        space: Local number of the space within this file.
        id: The space's id; zeros for the private space.
        is_default: Whether ``replica.collection()`` means this space.
        writer: The number under which this file writes; its incarnation changes with every return in time.
        generation: The life of the relay's log that ``log_offset`` counts in, or None before the first
            contact.
        log_offset: How much of the relay's log is confirmed here.
        running_hash: The log's running hash at that offset.
        receipt: The relay's last receipt.
        relay_losses: How often the relay was found to have lost what it had acknowledged.
    """

    space: int
    id: SpaceId
    is_default: bool
    writer: Writer
    generation: bytes | None = None
    log_offset: int = 0
    running_hash: bytes | None = None
    receipt: bytes | None = None
    relay_losses: int = 0


class SpaceRows:
    """Reads and writes the table of spaces and the file's own values inside one transaction."""

    def __init__(self, sql: SqlConnection) -> None:
        """Work within ``sql``."""
        self._sql = sql

    def all(self) -> list[SpaceRow]:
        """Every space, oldest first."""
        return [_space_row(row) for row in self._sql.rows(f"SELECT {_COLUMNS} FROM spaces ORDER BY space")]  # noqa: S608

    def next_number(self) -> int:
        """The local number that the next space gets; numbers are never used again."""
        found = self._sql.row("SELECT coalesce(max(space), 0) + 1 FROM spaces")
        assert found is not None
        return integer(found[0])

    def write(self, row: SpaceRow) -> None:
        """Add or replace a space."""
        if row.is_default:
            self._sql.execute("UPDATE spaces SET is_default = 0")
        receipt = None if row.receipt is None else protect(row.receipt)
        self._sql.execute(
            f"INSERT OR REPLACE INTO spaces ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
            (
                row.space,
                row.id,
                int(row.is_default),
                row.writer,
                row.generation,
                row.log_offset,
                row.running_hash,
                receipt,
                row.relay_losses,
            ),
        )

    def remove(self, space: int) -> None:
        """Remove a space that holds nothing any more."""
        self._sql.execute("DELETE FROM spaces WHERE space = ?", (space,))
        self._sql.execute("DELETE FROM writers WHERE space = ?", (space,))

    def value(self, name: str) -> bytes | None:
        """A value of the file as a whole, or None."""
        found = self._sql.row("SELECT value FROM meta WHERE name = ?", (name,))
        return None if found is None else recover(found[0], what=f"the value {name}")

    def remove_value(self, name: str) -> None:
        """Forget a value of the file as a whole, if it is there."""
        self._sql.execute("DELETE FROM meta WHERE name = ?", (name,))

    def write_value(self, name: str, value: bytes) -> None:
        """Replace a value of the file as a whole."""
        self._sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, protect(value)))


def _space_row(row: Row) -> SpaceRow:
    space, id_, is_default, writer, generation, offset, running_hash, receipt, relay_losses = row
    return SpaceRow(
        space=integer(space),
        id=SpaceId(blob(id_)),
        is_default=bool(is_default),
        writer=Writer(integer(writer)),
        generation=None if generation is None else blob(generation),
        log_offset=integer(offset),
        running_hash=None if running_hash is None else blob(running_hash),
        receipt=None if receipt is None else recover(receipt, what="the relay's receipt"),
        relay_losses=integer(relay_losses),
    )
