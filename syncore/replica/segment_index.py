"""The confirmed segments of a space as the protocol wants to look at them."""

from syncore.core.identifiers import Writer
from syncore.protocol.ports import Head
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
