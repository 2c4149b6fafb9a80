"""Indexes of one space: what they are, how far each is built, and their entries.

Every index has a table of its own, ``index_entries_N``, whose rows are ordered by key. A key ends with the
document's id, so it names one document.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from syncore.core.lean import lean_dataclass
from syncore.core.ports import Row, SqlConnection
from syncore.storage.long_projections import read_long
from syncore.storage.protection import blob, integer, missing, protect, recover, text


class IndexStage(IntEnum):
    """Where an index is in its life."""

    BUILDING = 0
    COMPLETE = 1
    DROPPED = 2
    """Its entries are being deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """An index.

    Attributes:
        number: Its number in the file.
        collection: Of which collection it is.
        name: Its name there.
        stage: Where it is in its life.
        built_to: While it is built: the id of the last document that was looked at.
        built: How many were.
        definition: What is in it.
    """

    number: int
    collection: str
    name: str
    stage: IndexStage
    built_to: str
    built: int
    definition: bytes


@lean_dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry of an index, with the document that it leads to."""

    key: bytes
    id: str
    edition: int
    is_deleted: bool
    projection: bytes


_COLUMNS = "number, collection, name, stage, built_to, built, definition"


class IndexRows:
    """Reads and writes the indexes of one space inside one transaction."""

    def __init__(self, sql: SqlConnection, space: int) -> None:
        """Work within ``sql`` on the space with that local number."""
        self._sql = sql
        self._space = space

    def all(self) -> list[IndexRow]:
        """All indexes, in the order in which they were made, dropped ones too."""
        found = self._sql.rows(
            f"SELECT {_COLUMNS} FROM indexes WHERE space = ? ORDER BY number",  # noqa: S608 - a constant
            (self._space,),
        )
        return [_read(row) for row in found]

    def of_collection(self, collection: str) -> list[IndexRow]:
        """The indexes of a collection that were not dropped."""
        found = self._sql.rows(
            f"SELECT {_COLUMNS} FROM indexes WHERE space = ? AND collection = ? AND stage < 2"  # noqa: S608 - a constant
            " ORDER BY number",
            (self._space, collection),
        )
        return [_read(row) for row in found]

    def add(self, collection: str, name: str, definition: bytes) -> IndexRow:
        """Make an index, which has to be built; its table is the caller's to make."""
        self._sql.execute(
            "INSERT INTO indexes (space, collection, name, stage, built_to, built, definition)"
            " VALUES (?, ?, ?, 0, '', 0, ?)",
            (self._space, collection, name, protect(definition)),
        )
        found = self._sql.row("SELECT last_insert_rowid()")
        assert found is not None
        number = integer(found[0])
        return IndexRow(
            number=number,
            collection=collection,
            name=name,
            stage=IndexStage.BUILDING,
            built_to="",
            built=0,
            definition=definition,
        )

    def note(self, row: IndexRow) -> None:
        """Keep how far an index is built, and where it is in its life."""
        self._sql.execute(
            "UPDATE indexes SET stage = ?, built_to = ?, built = ? WHERE number = ?",
            (int(row.stage), row.built_to, row.built, row.number),
        )

    def delete_some(self, number: int, limit: int) -> bool:
        """Delete some entries of a dropped index, and it itself with the last; whether that is done."""
        count = self._sql.execute(
            f"DELETE FROM index_entries_{number:d} WHERE (key, document) IN"  # noqa: S608 - a number
            f" (SELECT key, document FROM index_entries_{number:d} LIMIT ?)",
            (limit,),
        )
        if count == limit:
            return False
        self._sql.execute(f"DROP TABLE index_entries_{number:d}")
        self.remove(number)
        return True

    def remove(self, number: int) -> None:
        """Remove an index whose table is gone."""
        self._sql.execute("DELETE FROM indexes WHERE number = ?", (number,))

    def move(self, other: int) -> None:
        """Give all indexes, which are empty, complete to another space of the file without documents."""
        self._sql.execute("UPDATE indexes SET stage = 1 WHERE space = ? AND stage = 0", (self._space,))
        self._sql.execute("UPDATE indexes SET space = ? WHERE space = ?", (other, self._space))

    def insert(self, number: int, entries: Iterable[tuple[bytes, int]]) -> None:
        """Add entries (key, document) that may be there already."""
        self._sql.execute_many(f"INSERT OR IGNORE INTO index_entries_{number:d} VALUES (?, ?)", entries)  # noqa: S608

    def delete(self, number: int, entries: Iterable[tuple[bytes, int]]) -> None:
        """Remove entries (key, document) that may be there."""
        self._sql.execute_many(
            f"DELETE FROM index_entries_{number:d} WHERE key = ? AND document = ?",  # noqa: S608 - a number
            entries,
        )

    def entries(
        self, number: int, low: bytes, high: bytes | None, *, limit: int, is_backwards: bool = False
    ) -> list[EntryRow]:
        """Entries with keys from ``low`` up to, not including, ``high``, in order or against it.

        Raises:
            IntegrityError: an entry leads nowhere, or to a document that is damaged.
        """
        bounds, parameters = _bounds(low, high)
        found = self._sql.rows(
            "SELECT e.key, e.document, d.id, d.edition, d.is_deleted, d.projection"  # noqa: S608 - numbers and constants
            f" FROM index_entries_{number:d} AS e LEFT JOIN documents AS d ON d.document = e.document"
            f" WHERE {bounds} ORDER BY e.key {'DESC' if is_backwards else 'ASC'} LIMIT ?",
            (*parameters, limit),
        )
        return [_read_entry(self._sql, row) for row in found]

    def count(self, number: int, low: bytes, high: bytes | None, *, limit: int) -> int:
        """How many entries have keys from ``low`` up to, not including, ``high``; at most ``limit``."""
        bounds, parameters = _bounds(low, high)
        found = self._sql.row(
            f"SELECT count(*) FROM (SELECT 1 FROM index_entries_{number:d} AS e WHERE {bounds} LIMIT ?)",  # noqa: S608 - a number
            (*parameters, limit),
        )
        assert found is not None
        return integer(found[0])

    def count_on(
        self, number: int, low: bytes, high: bytes | None, *, limit: int
    ) -> tuple[int, bytes | None]:
        """Like :meth:`count`, with the key of the last entry that was counted."""
        bounds, parameters = _bounds(low, high)
        found = self._sql.row(
            "SELECT count(*), max(key) FROM (SELECT e.key AS key"  # noqa: S608 - a number
            f" FROM index_entries_{number:d} AS e WHERE {bounds} ORDER BY e.key LIMIT ?)",
            (*parameters, limit),
        )
        assert found is not None
        return integer(found[0]), None if found[1] is None else blob(found[1])


def entries_table(number: int) -> str:
    """The statement that makes the table of an index's entries."""
    return (
        f"CREATE TABLE index_entries_{number:d} (key BLOB NOT NULL, document INTEGER NOT NULL,"
        " PRIMARY KEY (key, document)) WITHOUT ROWID"
    )


def _bounds(low: bytes, high: bytes | None) -> tuple[str, Sequence[bytes]]:
    return ("e.key >= ?", (low,)) if high is None else ("e.key >= ? AND e.key < ?", (low, high))


def _read(row: Row) -> IndexRow:
    number, collection, name, stage, built_to, built, definition = row
    return IndexRow(
        number=integer(number),
        collection=text(collection),
        name=text(name),
        stage=IndexStage(integer(stage)),
        built_to=text(built_to),
        built=integer(built),
        definition=recover(definition, what="the definition of an index"),
    )


def _read_entry(sql: SqlConnection, row: Row) -> EntryRow:
    key, document, id_, edition, is_deleted, projection = row
    if id_ is None:
        raise missing("a document that an index leads to")
    name = text(id_)
    return EntryRow(
        blob(key),
        name,
        integer(edition),
        bool(is_deleted),
        read_long(sql, integer(document), recover(projection, what=f"the projection of {name!r}")),
    )
