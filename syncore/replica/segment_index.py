"""The confirmed segments of a space as the protocol wants to look at them."""

from syncore.core.errors import IntegrityError
from syncore.core.identifiers import Writer
from syncore.protocol.ports import Head
from syncore.protocol.segments import Segment, decode_segment
from syncore.replica.space_state import SpaceState
from syncore.storage.log_rows import LogRows


class ConfirmedSegments:
    """A :class:`~syncore.protocol.ports.SegmentIndex` over a space's heads and stored segments."""

    def __init__(self, state: SpaceState, log: LogRows) -> None:
        """Look at ``state`` for heads and at ``log`` for what is below them."""
        self._state = state
        self._log = log

    def head(self, writer: Writer) -> Head | None:
        """The end of a writer's confirmed chain."""
        head = self._state.heads.get(writer)
        return None if head is None else Head(head.number, head.hash)

    def hash_at(self, writer: Writer, number: int) -> bytes | None:
        """The hash of the writer's segment that ends with ``number``."""
        head = self._state.heads.get(writer)
        if head is not None and head.number == number:
            return head.hash
        return self._log.segment_hash(writer, number)


def check_what_it_builds_on(segment: Segment, state: SpaceState, log: LogRows) -> None:
    """Before a segment that does not fit is held against the relay: is it what is held here that is damaged?

    Hashes and numbers of the file carry no checksum of their own, but the segments that they are made of do.

    Raises:
        IntegrityError: the file says otherwise than the bytes of the segments that it holds.
    """
    header = segment.header
    for writer, number in ((header.writer, header.first - 1), *header.dependencies):
        row = log.segment_of(writer, number) if number else None
        if row is None:
            continue
        held = decode_segment(row.segment)
        head = state.heads.get(writer)
        hashes = {row.hash} | ({head.hash} if head is not None and head.number == held.header.last else set())
        if hashes != {held.hash} or held.header.writer != writer:
            raise IntegrityError(f"what is held of writer {writer} up to commit {number} is damaged")
