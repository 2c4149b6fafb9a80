"""Segments that no honest replica makes, sealed and signed as honest ones are."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from syncore.core.commits import Commit, Entry, EntryKind
from syncore.core.hybrid_clock import HybridTime, from_milliseconds
from syncore.core.identifiers import CommitId, DocumentKey, Writer
from syncore.documents.entries import (
    RecordEntry,
    RichEntry,
    encode_record_entry,
    encode_rich_entry,
    in_order,
)
from syncore.documents.operations import (
    Operation,
)
from syncore.protocol.segments import (
    ClosedWriter,
    Segment,
    SegmentHeader,
    SegmentPlain,
    hash_dependencies,
    open_segment,
    seal_segment,
)
from tests.replica.world import Device, ListRelay

KEY = DocumentKey("notes", "shared")
TIME = from_milliseconds(1_700_000_000_000)


def record_entry(*operations: Operation, key: DocumentKey = KEY) -> Entry:
    """A record entry, whatever it names."""
    body = encode_record_entry(RecordEntry(key=key, operations=in_order(operations)))
    return Entry(EntryKind.RECORD, body)


def rich_entry(entry: RichEntry) -> Entry:
    """A rich entry, whatever it names."""
    return Entry(EntryKind.RICH, encode_rich_entry(entry))


@dataclass
class Forger:
    """A member who seals what it likes under a number of its own, in its right order.

    Attributes:
        relay: Whose heads it builds on.
        device: Whose keys it signs with.
        writer: Its number.
        receipt: What it passes on as its last receipt.
        closed: The writers that it says it closed.
    """

    relay: ListRelay
    device: Device
    writer: Writer
    made: list[Segment] = field(default_factory=list)
    ids: list[CommitId] = field(default_factory=list)
    receipt: bytes | None = None
    closed: tuple[ClosedWriter, ...] = ()

    def seal(self, *commits: Sequence[Entry], depends_on: Sequence[Writer] = ()) -> Segment:
        """The next segment, one commit for each list of entries, building on the heads of some writers."""
        first = self.made[-1].header.last + 1 if self.made else 1
        dependencies = []
        for writer in sorted(depends_on):
            head = self.relay.head(writer)
            assert head is not None
            dependencies.append((writer, head.number, head.hash))
        header = SegmentHeader(
            space=self.relay.space,
            writer=self.writer,
            first=first,
            count=len(commits),
            prev=self.made[-1].hash if self.made else self.relay.space,
            control_seq=self.relay.control.head_seq,
            control_hash=self.relay.control.head_link,
            epoch=1,
            dependencies=tuple((writer, number) for writer, number, _ in dependencies),
            dependencies_hash=hash_dependencies(dependencies),
        )
        plain = SegmentPlain(
            receipt=self.receipt,
            closed=self.closed,
            commits=tuple(self._commit(first + index, entries) for index, entries in enumerate(commits)),
        )
        keys = self.device.sync_keys
        segment = seal_segment(header, plain, cipher=keys.cipher, signer=keys.signer)
        self.made.append(segment)
        return segment

    def _commit(self, number: int, entries: Sequence[Entry]) -> Commit:
        id_ = CommitId(self.writer.to_bytes(7, "big")[-6:] + number.to_bytes(2, "big"))
        if self.ids:
            id_ = self.ids.pop(0)
        return Commit(id_, HybridTime(TIME + number), tuple(entries))


def commits_of(device: Device, segment: Segment) -> tuple[Commit, ...]:
    """What is inside a segment."""
    return open_segment(segment, cipher=device.sync_keys.cipher).commits
