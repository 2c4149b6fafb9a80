"""Entries: what one commit does to one document, and the one encoding of it (``docs/formats/entries.md``).

A record entry holds operations in one order, no two with the same target, so it has exactly one encoding. A
rich entry holds a Yjs update and what it builds on. Knows nothing of states.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from syncore.codec.fields import as_array, as_bytes, as_integer
from syncore.codec.packing import pack, unpack
from syncore.core.errors import Malformed
from syncore.core.identifiers import DocumentKey, Writer
from syncore.core.lean import lean_dataclass
from syncore.core.limits import MAX_COMMIT_BYTES, MAX_STRUCT_CLOCK
from syncore.documents.operations import Operation, read_operation
from syncore.documents.structures import as_key, as_vector, pack_key, pack_vector

_RECORD = "a record entry"
_RICH = "a rich entry"


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class RecordEntry:
    """What one commit does to one document's record.

    Attributes:
        key: The document.
        operations: In the order of :func:`in_order`; with none, the commit only enters the document's vector.
    """

    key: DocumentKey
    operations: tuple[Operation, ...]


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class RichEntry:
    """What one commit does to one document's rich part.

    Attributes:
        key: The document.
        clock_before: The author's struct clock that the delta continues from.
        clock_after: The author's struct clock after it; the same when the delta only deletes.
        builds_on: The struct clocks of other writers that must be held before it can be applied.
        update: A Yjs update, format 1 (:mod:`syncore.documents.yjs_update`).
    """

    key: DocumentKey
    clock_before: int
    clock_after: int
    builds_on: Mapping[Writer, int]
    update: bytes


def in_order(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """The operations of one entry in their one order."""
    return tuple(sorted(operations, key=lambda operation: operation.target))


def encode_record_entry(entry: RecordEntry) -> bytes:
    """The canonical bytes of an entry whose operations are in order."""
    assert _is_in_order(entry.operations)
    return pack([*pack_key(entry.key), [operation.structure() for operation in entry.operations]])


def decode_record_entry(body: bytes) -> RecordEntry:
    """The record entry that ``body`` encodes.

    Raises:
        Malformed: not the canonical encoding of one.
    """
    parts = as_array(unpack(body, what=_RECORD, max_bytes=MAX_COMMIT_BYTES), what=_RECORD, length=4)
    operations = tuple(read_operation(part) for part in as_array(parts[3], what="an entry's operations"))
    if not _is_in_order(operations):
        raise Malformed("the operations of an entry are out of order, or two have the same target")
    return RecordEntry(key=as_key(parts), operations=operations)


def encode_rich_entry(entry: RichEntry) -> bytes:
    """The canonical bytes of a rich entry."""
    clocks = pack_vector(entry.builds_on)
    return pack([*pack_key(entry.key), entry.clock_before, entry.clock_after, clocks, entry.update])


def decode_rich_entry(body: bytes) -> RichEntry:
    """The rich entry that ``body`` encodes; its update is not looked into.

    Raises:
        Malformed: not the canonical encoding of one.
    """
    highest = MAX_STRUCT_CLOCK - 1
    parts = as_array(unpack(body, what=_RICH, max_bytes=MAX_COMMIT_BYTES), what=_RICH, length=7)
    before = as_integer(parts[3], what="a clock before a delta", high=highest)
    return RichEntry(
        key=as_key(parts),
        clock_before=before,
        clock_after=as_integer(parts[4], what="a clock after a delta", low=before, high=highest),
        builds_on=as_vector(parts[5], what="what a delta builds on", high=highest),
        update=as_bytes(parts[6], what="a delta"),
    )


def _is_in_order(operations: Sequence[Operation]) -> bool:
    if len(operations) == 1:  # nearly always, and nothing to compare
        return True
    targets = [operation.target for operation in operations]
    return all(first < second for first, second in pairwise(targets))
