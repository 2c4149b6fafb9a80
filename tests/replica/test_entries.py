"""Tests of syncore.replica.entries."""

import pytest

from syncore.codec.values import encode_value
from syncore.core.commits import Commit, Entry, EntryKind
from syncore.core.errors import Malformed
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import CommitId
from syncore.documents.entries import RecordEntry, RichEntry
from syncore.documents.operations import (
    SetField,
)
from syncore.replica.entries import decode_entries, decode_entry
from tests.documents.worlds import KEY, writer
from tests.replica.hostile import record_entry, rich_entry

OPERATION = SetField(field="title", value=encode_value("a"))
RICH = RichEntry(
    key=KEY, clock_before=1, clock_after=3, builds_on={writer(2): 4}, update=b"never looked into"
)


def test_each_kind_is_read_as_what_it_is() -> None:
    """A record entry and a rich entry come back as they were encoded."""
    record = record_entry(OPERATION, key=KEY)
    assert decode_entry(record) == RecordEntry(key=KEY, operations=(OPERATION,))
    assert decode_entry(rich_entry(RICH)) == RICH


@pytest.mark.parametrize("kind", [3, 77, 255])
def test_a_kind_of_a_later_version_is_no_error(kind: int) -> None:
    """An entry of an unknown kind gives nothing, whatever is in it, also what a known kind would hold."""
    for body in (b"", b"later", record_entry(OPERATION).body):
        assert decode_entry(Entry(kind, body)) is None


@pytest.mark.parametrize("kind", EntryKind)
def test_a_known_kind_has_its_encoding(kind: EntryKind) -> None:
    """A body that is cut, extended, or of the other kind does not pass for an entry."""
    good = {EntryKind.RECORD: record_entry(OPERATION).body, EntryKind.RICH: rich_entry(RICH).body}
    own = good.pop(kind)
    (other,) = good.values()
    for body in (b"", own[:-1], own + b"\0", other):
        with pytest.raises(Malformed):
            decode_entry(Entry(kind, body))


def test_a_commit_gives_what_this_version_understands_in_order() -> None:
    """Entries of later versions are left out, the others keep their order; damage among them is told."""
    entries = (Entry(9, b"x"), rich_entry(RICH), Entry(10, b"y"), record_entry(OPERATION, key=KEY))
    commit = Commit(CommitId(bytes(8)), HybridTime(1), entries)
    assert decode_entries(commit) == [RICH, RecordEntry(key=KEY, operations=(OPERATION,))]
    damaged = Commit(commit.id, commit.time, (*entries, Entry(EntryKind.RICH, b"damaged")))
    with pytest.raises(Malformed):
        decode_entries(damaged)
