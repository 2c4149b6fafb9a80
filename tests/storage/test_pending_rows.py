"""The pending log, what was set aside, and the new names of old operations."""

import pytest

from syncore.core.errors import IntegrityError
from syncore.core.identifiers import CommitId, DocumentKey, Dot, Writer
from syncore.core.ports import SqlConnection
from syncore.storage.document_rows import DocumentRows
from syncore.storage.pending_rows import PendingRow, PendingRows, SetAside

A, B = Writer(1), Writer(2)


def commit(sequence: int, writer: Writer = A) -> PendingRow:
    """A pending commit whose number is its place."""
    return PendingRow(sequence, Dot(writer, sequence), CommitId(bytes([sequence] * 8)), bytes([sequence]))


@pytest.fixture
def pending(sql: SqlConnection) -> PendingRows:
    """The pending log of a space, with another space beside it that must never show."""
    other = PendingRows(sql, 2)
    other.append(commit(9), [DocumentRows(sql, 2).add(DocumentKey("x", "x"), b"", is_deleted=False)])
    return PendingRows(sql, 1)


def test_the_log_keeps_its_order(pending: PendingRows) -> None:
    """Commits come back in the order of their making, from any place on."""
    assert (pending.all(), pending.newest(), pending.count(), pending.writers()) == ([], None, 0, set())
    for sequence in (1, 2, 3):
        pending.append(commit(sequence), [])
    assert pending.all() == [commit(1), commit(2), commit(3)]
    assert pending.after(1, limit=1) == [commit(2)]
    assert pending.newest() == commit(3)
    assert (pending.count(), pending.writers()) == (3, {A})


def test_an_id_is_pending_once(pending: PendingRows) -> None:
    """The same commit cannot be pending twice, under whatever number."""
    pending.append(commit(1), [])
    assert pending.has_id(CommitId(bytes([1] * 8)))
    assert not pending.has_id(CommitId(bytes([9] * 8)))
    with pytest.raises(IntegrityError):
        pending.append(PendingRow(2, Dot(B, 2), commit(1).id, b""), [])


def test_commits_are_found_by_document(sql: SqlConnection, pending: PendingRows) -> None:
    """A document knows the commits that touch it, until they are removed."""
    rows = DocumentRows(sql, 1)
    first, second = (rows.add(DocumentKey("n", id_), b"", is_deleted=False) for id_ in "ab")
    pending.append(commit(1), [first, second])
    pending.append(commit(2), [second])
    assert pending.of_document(first) == [commit(1)]
    assert pending.of_document(second) == [commit(1), commit(2)]
    assert sorted(pending.documents()) == [first, second]
    pending.remove(1, [first, second])
    assert (pending.touches(first), pending.touches(second)) == (False, True)
    assert pending.all() == [commit(2)]


def test_commits_leave_together(sql: SqlConnection, pending: PendingRows) -> None:
    """Those that are named go with their documents, the others stay; undo steps are forgotten up to a
    place.
    """
    rows = DocumentRows(sql, 1)
    first, second = (rows.add(DocumentKey("n", id_), b"", is_deleted=False) for id_ in "ab")
    for sequence in (1, 2, 3, 4):
        pending.append(commit(sequence), [first] if sequence < 4 else [first, second], b"steps")
    pending.remove_all([(1, [first]), (3, [first])])
    assert pending.all() == [commit(2), commit(4)]
    assert pending.of_document(first) == [commit(2), commit(4)]
    pending.forget_steps(2)
    assert pending.waiting_steps() == [(commit(4).dot, b"steps")]
    pending.remove_all([(2, [first]), (4, [first, second])])
    assert (pending.touches(first), pending.touches(second)) == (False, False)


def test_the_last_number_is_that_of_one_writer(pending: PendingRows) -> None:
    """The place counts over all writers, the number over one."""
    assert pending.last(A) == (0, 0)
    pending.append(commit(4, A), [])
    pending.append(commit(5, B), [])
    assert (pending.last(A), pending.last(B), pending.last(Writer(3))) == ((5, 4), (5, 5), (5, 0))


def test_what_was_set_aside_is_kept(pending: PendingRows) -> None:
    """A refused commit and its reason can be read again."""
    pending.set_aside(CommitId(b"b" * 8), b"body", "it names the future")
    pending.set_aside(CommitId(b"a" * 8), b"other", "so does this")
    assert pending.all_set_aside() == [
        SetAside(CommitId(b"a" * 8), b"other", "so does this"),
        SetAside(CommitId(b"b" * 8), b"body", "it names the future"),
    ]


def test_new_names_are_found_by_old_writer(pending: PendingRows) -> None:
    """Renamed operations come back by their old writer, in order of their numbers."""
    pending.note_renamed([(Dot(A, 5), Dot(B, 2)), (Dot(A, 4), Dot(B, 1)), (Dot(B, 1), Dot(A, 9))])
    assert pending.renamed(A) == [(Dot(A, 4), Dot(B, 1)), (Dot(A, 5), Dot(B, 2))]
    assert pending.renamed(Writer(3)) == []
