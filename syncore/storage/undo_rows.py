"""Own commits that can be taken back, and commits that took some back: two stacks for every document.

A row is what one commit did to one document. The rows of one transaction have one time, which no other has;
the one of its leader names all documents. Steps are opaque bytes.
"""

from dataclasses import dataclass
from enum import Enum

from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import Dot, Writer
from syncore.core.ports import Row, SqlConnection
from syncore.storage.protection import integer, protect, recover

_COLUMNS = "document, time, writer, number, leader, documents, step"


class Stack(Enum):
    """Which way a row leads; the value is the table."""

    UNDO = "undo_steps"
    REDO = "redo_steps"


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoRow:
    """What one commit did to one document.

    Attributes:
        document: The document's row.
        time: The commit's time.
        dot: The commit's name.
        leader: The document whose row of this time names all documents of the transaction.
        documents: Their rows, packed; None in all rows but the leader's, and where it stands alone.
        step: What undoing it takes.
    """

    document: int
    time: HybridTime
    dot: Dot
    leader: int
    documents: bytes | None
    step: bytes


class UndoRows:
    """Reads and writes the two stacks inside one transaction."""

    def __init__(self, sql: SqlConnection) -> None:
        """Work within ``sql``."""
        self._sql = sql

    def push(self, stack: Stack, rows: list[UndoRow]) -> None:
        """Put the rows of one transaction on top."""
        self._sql.execute_many(
            f"INSERT INTO {stack.value} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
            [_values(row) for row in rows],
        )

    def replace(self, stack: Stack, row: UndoRow) -> None:
        """Write a row anew that is there."""
        self._sql.execute(
            f"INSERT OR REPLACE INTO {stack.value} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            _values(row),
        )

    def newest(self, stack: Stack, document: int) -> UndoRow | None:
        """The top of a document's stack."""
        found = self._select(stack, "WHERE document = ? ORDER BY time DESC LIMIT 1", (document,))
        return found[0] if found else None

    def at(self, stack: Stack, document: int, time: HybridTime) -> UndoRow | None:
        """What the transaction of that time did to a document, if it is on the stack."""
        found = self._select(stack, "WHERE document = ? AND time = ?", (document, time))
        return found[0] if found else None

    def of_document(self, stack: Stack, document: int) -> list[UndoRow]:
        """A document's stack, oldest first."""
        return self._select(stack, "WHERE document = ? ORDER BY time", (document,))

    def count(self, stack: Stack, document: int) -> int:
        """How high a document's stack is."""
        found = self._sql.row(f"SELECT count(*) FROM {stack.value} WHERE document = ?", (document,))  # noqa: S608
        assert found is not None
        return integer(found[0])

    def is_empty(self, stack: Stack) -> bool:
        """Whether no document of the file has anything on that stack."""
        return self._sql.row(f"SELECT 1 FROM {stack.value} LIMIT 1") is None  # noqa: S608

    def remove(self, stack: Stack, document: int, time: HybridTime) -> None:
        """Take a row off, wherever it stands."""
        self._sql.execute(
            f"DELETE FROM {stack.value} WHERE document = ? AND time = ?",  # noqa: S608 - constants
            (document, time),
        )

    def trim(self, stack: Stack, document: int, *, keep: int) -> None:
        """Drop what is oldest on a document's stack."""
        self._sql.execute(
            f"DELETE FROM {stack.value} WHERE document = ? AND time <= (SELECT time FROM {stack.value}"  # noqa: S608
            " WHERE document = ? ORDER BY time DESC LIMIT 1 OFFSET ?)",
            (document, document, keep),
        )

    def _select(self, stack: Stack, condition: str, parameters: tuple[int, ...]) -> list[UndoRow]:
        found = self._sql.rows(f"SELECT {_COLUMNS} FROM {stack.value} {condition}", parameters)  # noqa: S608
        return [_undo_row(row) for row in found]


def _values(row: UndoRow) -> tuple[int | bytes | None, ...]:
    documents = None if row.documents is None else protect(row.documents)
    return (
        row.document, row.time, row.dot.writer, row.dot.number, row.leader, documents, protect(row.step),
    )  # fmt: skip


def _undo_row(row: Row) -> UndoRow:
    document, time, writer, number, leader, documents, step = row
    return UndoRow(
        document=integer(document),
        time=HybridTime(integer(time)),
        dot=Dot(Writer(integer(writer)), integer(number)),
        leader=integer(leader),
        documents=None if documents is None else recover(documents, what="a transaction that can be undone"),
        step=recover(step, what="a change that can be undone"),
    )
