"""A relay's log of one space in memory, and what an honest relay says about it."""

from syncore.core.errors import CryptoError
from syncore.core.identifiers import SpaceId, Writer
from syncore.crypto.signing import verify
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_records import AcceptedRecord
from syncore.protocol.items import (
    SegmentItem,
    StoredItem,
    control_item,
    read_accepted,
    read_segment,
    segment_item,
)
from syncore.protocol.messages import OpenOutcome
from syncore.protocol.ports import Head
from syncore.protocol.receipts import Cursor, SignedReceipt, extend_log, start_of_log, verify_receipt
from syncore.protocol.segments import Segment


class Log:
    """The log of one space."""

    def __init__(self, space: SpaceId, generation: bytes) -> None:
        self.space = space
        self.generation = generation
        self.control = ControlLog(space)
        self.items: list[tuple[bytes, StoredItem]] = []
        self.running = [start_of_log(space, generation)]
        self._heads: dict[Writer, Head] = {}
        self._ends: dict[tuple[Writer, int], bytes] = {}

    def head(self, writer: Writer) -> Head | None:
        """The end of a writer's chain."""
        return self._heads.get(writer)

    def hash_at(self, writer: Writer, number: int) -> bytes | None:
        """The hash of the segment that ends with a commit."""
        return self._ends.get((writer, number))

    def take(self, digest: bytes, item: StoredItem) -> int:
        """Append an item whatever it is; its offset."""
        self.items.append((digest, item))
        self.running.append(extend_log(self.running[-1], len(self.items), digest))
        return len(self.items)

    def take_segment(self, segment: Segment) -> int:
        """Append a segment whatever it is; its offset."""
        self._heads[segment.header.writer] = Head(segment.header.last, segment.hash)
        self._ends[segment.header.writer, segment.header.last] = segment.hash
        return self.take(segment.hash, segment_item(segment))

    def take_record(self, accepted: AcceptedRecord) -> int:
        """Append a control record; its offset."""
        self.control.append(accepted, verify=verify)
        return self.take(accepted.link, control_item(accepted))

    def cursor(self, offset: int) -> Cursor:
        """A position in the log."""
        return Cursor(generation=self.generation, offset=offset, running_hash=self.running[offset])

    def cut(self, length: int) -> "Log":
        """The log up to an offset, as an older copy of it holds it."""
        older = Log(self.space, self.generation)
        for _, item in self.items[:length]:
            older.take_item(item)
        return older

    def renewed(self, generation: bytes) -> "Log":
        """The same log under another generation."""
        newer = Log(self.space, generation)
        for _, item in self.items:
            newer.take_item(item)
        return newer

    def take_item(self, item: StoredItem) -> None:
        """Append an item that was in a log before."""
        if isinstance(item, SegmentItem):
            self.take_segment(read_segment(item))
        else:
            self.take_record(read_accepted(item))


def is_broken(log: Log, signed: SignedReceipt | None, relay_key: bytes) -> bool:
    """Whether the relay once signed another log under this generation."""
    if signed is None or signed.receipt.generation != log.generation:
        return False
    offset = signed.receipt.offset
    if offset <= len(log.items) and log.running[offset] == signed.receipt.running_hash:
        return False
    try:
        verify_receipt(signed, relay_key=relay_key, verify=verify)
    except CryptoError:
        return False
    return True


def outcome_for(log: Log, cursor: Cursor | None) -> OpenOutcome:
    """What a reader with that cursor is told."""
    if cursor is None:
        return OpenOutcome.FROM_START
    if cursor.generation != log.generation:
        return OpenOutcome.NEW_GENERATION
    if cursor.offset > len(log.items):
        return OpenOutcome.LOST
    return OpenOutcome.RESUMED if log.cursor(cursor.offset) == cursor else OpenOutcome.DIVERGED
