"""What is kept in memory of a space: bounded, and the same as what the file gives."""

from syncore.codec.values import encode_value
from syncore.core.commits import Commit, Entry, EntryKind
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import CommitId, DocumentKey, Dot, Writer
from syncore.documents.entries import RecordEntry, encode_record_entry
from syncore.documents.operations import (
    SetField,
)
from syncore.protocol.commit_codec import encode_commit
from syncore.replica.space_memory import MAX_LARGE_COMMITS, MAX_SMALL_ENTRIES, SpaceMemory
from syncore.storage.pending_rows import PendingRow

WRITER = Writer(7)


def row_of(sequence: int, documents: int, number: int | None = None) -> PendingRow:
    """A pending commit that sets a field of so many documents."""
    entries = tuple(
        Entry(
            EntryKind.RECORD,
            encode_record_entry(
                RecordEntry(
                    key=DocumentKey("notes", f"{document}"),
                    operations=(SetField(field="n", value=encode_value(sequence)),),
                )
            ),
        )
        for document in range(documents)
    )
    commit = Commit(CommitId(sequence.to_bytes(8, "big")), HybridTime(sequence), entries)
    return PendingRow(sequence, Dot(WRITER, number or sequence), commit.id, encode_commit(commit))


def test_a_pending_commit_is_decoded_once() -> None:
    """The same row gives the same object; entries are found by document."""
    memory = SpaceMemory()
    row = row_of(1, 3)
    decoded = memory.decoded(row)
    assert memory.decoded(row) is decoded
    assert sorted(decoded.entries) == [DocumentKey("notes", f"{document}") for document in range(3)]
    assert decoded.dot == row.dot


def test_a_commit_with_a_new_name_is_decoded_anew() -> None:
    """After a rebase the row at a place has another dot, and what was kept of the old one does not count."""
    memory = SpaceMemory()
    old = memory.decoded(row_of(1, 1, number=5))
    new = memory.decoded(row_of(1, 1, number=6))
    assert old.dot.number == 5
    assert new.dot.number == 6


def test_large_commits_are_bounded_by_themselves() -> None:
    """Many large commits push out large ones, and leave small ones where they are."""
    memory = SpaceMemory()
    small = memory.decoded(row_of(1, MAX_SMALL_ENTRIES))
    first = row_of(2, MAX_SMALL_ENTRIES + 1)
    decoded = memory.decoded(first)
    for sequence in range(3, 3 + MAX_LARGE_COMMITS):
        memory.decoded(row_of(sequence, MAX_SMALL_ENTRIES + 1))
    assert memory.decoded(first) is not decoded
    assert memory.decoded(row_of(1, MAX_SMALL_ENTRIES)) is small
    memory.clear()
    assert memory.decoded(row_of(1, MAX_SMALL_ENTRIES)) is not small
