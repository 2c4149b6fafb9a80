"""Handing a space's items to its readers: a slow one costs no memory, a fast one no read.

Owns what is published of a space, and where each reader stands. Must not know sockets or how items were
judged. A reader at the head gets the batch of the last commit group, one object with one frame for all of
them. A reader behind it reads the store in batches. (What a reader uploaded itself comes back to it as
stubs; its session sees to that.)
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from relay.config import MAX_RECENT_BYTES
from relay.frames import items_frame
from relay.store import StoredItem
from syncore.core.errors import IntegrityError
from syncore.core.identifiers import SpaceId
from syncore.core.limits import MAX_BATCH_BYTES, MAX_BATCH_ITEMS
from syncore.protocol import items as wire
from syncore.protocol.batches import Batch


class Batches(Protocol):
    """Where readers behind the head read."""

    async def items(self, space_key: int, first: int, *, max_items: int, max_bytes: int) -> list[StoredItem]:
        """Items from an offset on, within the bounds, at least one if there is one."""
        ...


ReceiptFor = Callable[[StoredItem], bytes]
"""The signed receipt over everything up to an item that is durable."""


@dataclass(slots=True, eq=False)
class Reader:
    """One connection's place in one space's stream.

    Attributes:
        next_offset: The first item that it was not handed yet.
        wake: Called when there is something to read.
        owed_offset: The last item that this connection uploaded and must be told of before the relay stops.
    """

    stream: "Stream"
    next_offset: int
    wake: Callable[["Reader"], None]
    owed_offset: int = 0

    @property
    def is_behind(self) -> bool:
        """Whether there is something to read."""
        return self.next_offset <= self.stream.head

    @property
    def is_owed(self) -> bool:
        """Whether something that was uploaded here was not acknowledged yet."""
        return self.next_offset <= self.owed_offset

    async def next_batch(self, batches: Batches, receipt_for: ReceiptFor) -> Batch | None:
        """The next batch, or None at the head or when the stream is over. Moves the cursor.

        Raises:
            StorageError, IntegrityError: the store cannot be read; the cursor stays.
        """
        if not self.is_behind:
            return None
        batch = self.stream.last
        if batch is None or batch.first_offset != self.next_offset:
            batch = await self._read(batches, receipt_for)
        if batch is None:
            return None
        self.next_offset = batch.last_offset + 1
        return batch

    def close(self) -> None:
        """Stop reading. Idempotent."""
        self.stream.readers.pop(self, None)

    async def _read(self, batches: Batches, receipt_for: ReceiptFor) -> Batch | None:
        items = await batches.items(
            self.stream.space_key, self.next_offset, max_items=MAX_BATCH_ITEMS, max_bytes=MAX_BATCH_BYTES
        )
        if self.stream.is_over:  # what was read may have the running hashes of another generation
            return None
        # The store may hold a group that is committed and not yet published.
        published = [item for item in items if item.offset <= self.stream.head]
        if not published:
            raise IntegrityError(
                "the relay's store lacks items that it acknowledged", offset=self.next_offset
            )
        return make_batch(self.stream.space, published, receipt_for(published[-1]))


@dataclass(slots=True, eq=False)
class Stream:
    """What is published of one space: everything up to ``head``, and the last group while it is recent."""

    space: SpaceId
    space_key: int
    head: int
    last: Batch | None = None
    readers: dict[Reader, None] = field(default_factory=dict)
    """In the order in which they came; a set would wake them in the order of memory addresses."""
    is_over: bool = False
    """The log has a new generation: nothing is published here any more, and what was read means nothing."""

    def end(self) -> None:
        """Tell all readers that the stream is over."""
        self.is_over = True
        self.last = None
        for reader in tuple(self.readers):
            reader.wake(reader)

    def read_from(self, next_offset: int, wake: Callable[[Reader], None]) -> Reader:
        """Add a reader; the caller looks at :attr:`Reader.is_behind` at once."""
        assert 1 <= next_offset <= self.head + 1
        reader = Reader(self, next_offset, wake)
        self.readers[reader] = None
        return reader


class Fanout:
    """Publishes groups, and bounds the memory of those that are still to be read."""

    def __init__(self, *, max_recent_bytes: int = MAX_RECENT_BYTES) -> None:
        """Nothing is recent yet."""
        self._max_recent_bytes = max_recent_bytes
        self._recent: OrderedDict[Stream, int] = OrderedDict()
        self._recent_bytes = 0

    def publish(self, stream: Stream, items: Sequence[StoredItem], receipt: bytes) -> None:
        """Make durable items visible and wake the readers."""
        assert items[0].offset == stream.head + 1
        stream.head = items[-1].offset
        self._forget(stream)
        if not stream.readers:
            return
        stream.last = make_batch(stream.space, items, receipt)
        self._remember(stream, 2 * len(stream.last.frame))  # the frame, and the items in it
        for reader in tuple(stream.readers):
            reader.wake(reader)

    def _remember(self, stream: Stream, size_bytes: int) -> None:
        """Count a stream's last batch, and forget the oldest beyond the bound: its readers read the store."""
        self._recent[stream] = size_bytes
        self._recent_bytes += size_bytes
        while self._recent_bytes > self._max_recent_bytes and len(self._recent) > 1:
            self._forget(next(iter(self._recent)))

    def _forget(self, stream: Stream) -> None:
        stream.last = None
        self._recent_bytes -= self._recent.pop(stream, 0)


def make_batch(space: SpaceId, items: Sequence[StoredItem], receipt: bytes) -> Batch:
    """The batch of consecutive stored items; its frame is made of their bytes as they are."""
    decoded = tuple(wire.decode_item(item.item) for item in items)
    whole = tuple(item for item in decoded if not isinstance(item, wire.StubItem))
    assert len(whole) == len(items), "stubs are never stored"
    return Batch(
        space=space,
        first_offset=items[0].offset,
        hashes=tuple(item.hash for item in items),
        items=whole,
        receipt=receipt,
        frame=items_frame(space, items[0].offset, [item.item for item in items], receipt),
    )
