"""The undo log: steps wait with pending rows, move as wholes, and follow their document's new names."""

from collections.abc import Iterator

import pytest

from syncore.core.identifiers import DocumentKey, Dot
from syncore.documents.changes import Text, splice
from syncore.documents.rich_rekeying import ClockRange
from syncore.replica.undo_log import (
    clear_redo,
    find_steps,
    forget_commit,
    is_waiting,
    log_pending,
    own_dots,
    rekey_steps,
    rename_units,
    take_off,
)
from syncore.storage.undo_rows import Stack
from tests.documents.worlds import KEY, writer
from tests.replica.memory_space import OURS, MemorySpace, insertion, open_memory_space, update

OTHER = DocumentKey("notes", "two")


@pytest.fixture
def space() -> Iterator[MemorySpace]:
    """A shared space in which a transaction made two documents, and another changed one."""
    with open_memory_space() as space:
        space.commit(insertion({"t": Text("abc"), "n": 1}), insertion({"n": 1}, key=OTHER))
        space.commit(update({"t": splice(1, 1, "X")}))
        yield space


def documents_of(space: MemorySpace, document: int, stack: Stack = Stack.UNDO) -> list[int]:
    """The documents of the transaction on top."""
    return [one.row.document for one in find_steps(space.sql, document, stack)]


def test_steps_wait_with_their_commits(space: MemorySpace) -> None:
    """Nothing is logged before it has to be; then all of it is, in order, and nothing waits any more."""
    assert is_waiting(space.sql, 1, 1)
    assert documents_of(space, 1) == []
    log_pending(space.sql, 1, until=1)
    assert documents_of(space, 1) == [1, 2]
    assert not is_waiting(space.sql, 1, 2)
    assert is_waiting(space.sql, 1, 1)
    log_pending(space.sql, 1)
    assert documents_of(space, 1) == [1]
    assert not is_waiting(space.sql, 1, 1)
    log_pending(space.sql, 1)
    assert sorted(own_dots(space.sql, 1)) == [Dot(OURS, 1), Dot(OURS, 2)]


def test_a_private_space_logs_at_once() -> None:
    """Where nothing is pending, steps are in the log with the commit."""
    with open_memory_space(is_private=True) as space:
        space.commit(insertion({"n": 1}))
        assert documents_of(space, 1) == [1]


def test_transactions_are_taken_as_wholes(space: MemorySpace) -> None:
    """Whichever document it is asked for, a transaction is found whole, or not at all."""
    log_pending(space.sql, 1)
    take_off(space.sql, find_steps(space.sql, 1, Stack.UNDO), Stack.UNDO)
    assert documents_of(space, 1) == documents_of(space, 2) == [1, 2]
    [first, _] = find_steps(space.sql, 2, Stack.UNDO)
    forget_commit(space.sql, [1], first.row.time)
    assert documents_of(space, 2) == []


def test_units_that_come_back_are_followed(space: MemorySpace) -> None:
    """Inserted units follow their new names, after an undo as after a rebase; dots follow a rebase."""
    log_pending(space.sql, 1)
    [changed] = find_steps(space.sql, 1, Stack.UNDO)
    [(client, start, end)] = changed.step.inserted
    again = ClockRange(writer=OURS, start=start, end=end, new_writer=OURS, new_start=70)
    rename_units(space.sql, 1, [again])
    [renamed] = find_steps(space.sql, 1, Stack.UNDO)
    assert renamed.step.inserted == ((client, 70, 70 + end - start),)
    assert renamed.step.deleted == changed.step.deleted
    new = writer(1, incarnation=9)
    moved = ClockRange(writer=OURS, start=0, end=99, new_writer=new, new_start=0)
    rekey_steps(space.sql, 1, dots={Dot(OURS, 2): Dot(new, 1)}, clocks=[moved])
    [rekeyed] = find_steps(space.sql, 1, Stack.UNDO)
    assert rekeyed.row.dot == Dot(new, 1)
    assert {units[0] for units in (*rekeyed.step.inserted, *rekeyed.step.deleted)} == {new}


def test_redo_is_cleared_where_it_was(space: MemorySpace) -> None:
    """Clearing tells whether there is anything left to be done again, in any document."""
    assert not clear_redo(space.sql, space.work(), [KEY, OTHER])
