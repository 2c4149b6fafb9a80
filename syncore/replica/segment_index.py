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

    Hashes and numbers of the file carry no checksum of their own, but the segments that they are made of do;
    and a damaged index hides rows that heads say are there.

    Raises:
        IntegrityError: the file says otherwise than the bytes of the segments that it holds.
    """
    header = segment.header
    for writer, number in ((header.writer, header.first - 1), *header.dependencies):
        if number and not _is_sound(writer, number, state, log):
            raise IntegrityError(f"what is held of writer {writer} up to commit {number} is damaged")


def _is_sound(writer: Writer, number: int, state: SpaceState, log: LogRows) -> bool:
    """Whether head and segment agree on a writer's commit; what neither knows is not held, and sound."""
    row, head = log.segment_of(writer, number), state.heads.get(writer)
    if row is None:
        return head is None or head.number < number
    held = decode_segment(row.segment)
    if held.header.writer != writer or not held.header.first <= number <= held.header.last:
        return False
    if head is None or head.number < held.header.last:
        return row.hash == held.hash and writer in state.closed  # kept as evidence, and not applied
    return row.hash == held.hash and (head.number > held.header.last or head.hash == held.hash)
