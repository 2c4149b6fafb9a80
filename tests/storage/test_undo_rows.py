"""The two stacks of undo rows: by document and time, each kept from the other."""

import pytest

from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import Dot, Writer
from syncore.core.ports import SqlConnection
from syncore.storage.undo_rows import Stack, UndoRow, UndoRows


def row(document: int, time: int, *, leader: int | None = None, documents: bytes | None = None) -> UndoRow:
    """A row that tells itself from others."""
    return UndoRow(
        document=document,
        time=HybridTime(time),
        dot=Dot(Writer(5), time),
        leader=document if leader is None else leader,
        documents=documents,
        step=b"%d at %d" % (document, time),
    )


@pytest.fixture
def rows(sql: SqlConnection) -> UndoRows:
    """Three steps of one document on the undo stack, one of another, and one to redo."""
    rows = UndoRows(sql)
    rows.push(Stack.UNDO, [row(1, 10, documents=b"both"), row(2, 10, leader=1)])
    rows.push(Stack.UNDO, [row(1, 20)])
    rows.push(Stack.UNDO, [row(1, 30)])
    rows.push(Stack.REDO, [row(2, 40)])
    return rows


def test_the_newest_is_on_top(rows: UndoRows) -> None:
    """Each stack of each document has its own top, and rows come back as they were pushed."""
    assert rows.newest(Stack.UNDO, 1) == row(1, 30)
    assert rows.newest(Stack.UNDO, 2) == row(2, 10, leader=1)
    assert rows.newest(Stack.REDO, 1) is None
    assert rows.newest(Stack.REDO, 2) == row(2, 40)
    assert rows.at(Stack.UNDO, 1, HybridTime(10)) == row(1, 10, documents=b"both")
    assert rows.at(Stack.REDO, 1, HybridTime(10)) is None
    assert [one.time for one in rows.of_document(Stack.UNDO, 1)] == [10, 20, 30]
    assert [rows.count(Stack.UNDO, document) for document in (1, 2, 3)] == [3, 1, 0]


def test_rows_are_taken_off_wherever_they_stand(rows: UndoRows) -> None:
    """Removing names document, time and stack, and touches nothing else."""
    rows.remove(Stack.UNDO, 1, HybridTime(20))
    rows.remove(Stack.UNDO, 2, HybridTime(40))
    assert [one.time for one in rows.of_document(Stack.UNDO, 1)] == [10, 30]
    assert not rows.is_empty(Stack.REDO)
    rows.remove(Stack.REDO, 2, HybridTime(40))
    assert rows.is_empty(Stack.REDO)
    assert not rows.is_empty(Stack.UNDO)


def test_the_oldest_are_trimmed(rows: UndoRows) -> None:
    """Trimming keeps the newest, as many as it is told, and is nothing where there are fewer."""
    rows.trim(Stack.UNDO, 1, keep=3)
    assert rows.count(Stack.UNDO, 1) == 3
    rows.trim(Stack.UNDO, 1, keep=2)
    assert [one.time for one in rows.of_document(Stack.UNDO, 1)] == [20, 30]
    assert rows.count(Stack.UNDO, 2) == 1


def test_a_row_is_written_anew(rows: UndoRows) -> None:
    """Replacing keeps the place of a row."""
    changed = UndoRow(
        document=1,
        time=HybridTime(20),
        dot=Dot(Writer(6), 1),
        leader=1,
        documents=None,
        step=b"new",
    )
    rows.replace(Stack.UNDO, changed)
    assert rows.of_document(Stack.UNDO, 1)[1] == changed
    assert rows.count(Stack.UNDO, 1) == 3
