"""Handing items to readers."""

import pytest

from relay.fanout import Fanout, Reader, Stream
from relay.store import StoredItem
from syncore.core.errors import IntegrityError
from syncore.core.identifiers import SpaceId, Writer
from syncore.core.limits import MAX_BATCH_BYTES, MAX_BATCH_ITEMS
from syncore.protocol.items import SegmentItem, encode_item
from syncore.protocol.message_codec import decode_message
from syncore.protocol.messages import Items
from syncore.protocol.receipts import RECEIPT_BYTES

SPACE = SpaceId(b"s" * 32)


def item(offset: int, size_bytes: int = 10) -> StoredItem:
    """A stored segment that nobody parses."""
    return StoredItem(
        offset=offset,
        kind=1,
        writer=Writer(1),
        number=offset,
        hash=bytes([offset % 256]) * 32,
        running=b"r" * 32,
        item=encode_item(SegmentItem(content=b"x" * size_bytes, signature=b"s" * 64)),
    )


class FakeStore:
    """Items in memory, and how often they were read."""

    def __init__(self, *items: StoredItem) -> None:
        self.stored = list(items)
        self.reads = 0

    async def items(self, _key: int, first: int, *, max_items: int, max_bytes: int) -> list[StoredItem]:
        """The items from an offset on."""
        assert (max_items, max_bytes) == (MAX_BATCH_ITEMS, MAX_BATCH_BYTES)
        self.reads += 1
        return self.stored[first - 1 : first - 1 + 3]


def receipt_for(last: StoredItem) -> bytes:
    """A receipt that says where it ends."""
    return bytes([last.offset]) * RECEIPT_BYTES


def stream(head: int = 0) -> tuple[Stream, Fanout, list[Reader]]:
    """A stream, what publishes to it, and where wake-ups are noted."""
    return Stream(space=SPACE, space_key=1, head=head), Fanout(), []


async def test_readers_at_the_head_share_one_frame_and_do_not_read() -> None:
    """Every reader at the head gets the same object, once, and the store is not touched."""
    stream_, fanout, woken = stream()
    readers = [stream_.read_from(1, woken.append) for _ in range(3)]
    fanout.publish(stream_, [item(1), item(2)], b"r" * RECEIPT_BYTES)
    assert set(woken) == set(readers)
    store = FakeStore()
    batches = [await reader.next_batch(store, receipt_for) for reader in readers]
    assert batches[0] is not None
    assert batches[0] is batches[1] is batches[2]
    assert batches[0].last_offset == 2
    assert [await reader.next_batch(store, receipt_for) for reader in readers] == [None] * 3
    assert store.reads == 0


async def test_a_reader_behind_reads_batches_until_it_is_at_the_head() -> None:
    """Behind the head a reader gets the store's batches, without gap or double, and then the shared frame."""
    stream_, fanout, woken = stream(head=5)
    store = FakeStore(*(item(offset) for offset in range(1, 8)))
    reader = stream_.read_from(2, woken.append)
    fanout.publish(stream_, [item(6), item(7)], b"r" * RECEIPT_BYTES)
    seen = []
    while reader.is_behind:
        batch = await reader.next_batch(store, receipt_for)
        assert batch is not None
        decoded = decode_message(batch.frame, 2**22)
        assert isinstance(decoded, Items)
        assert decoded.items == batch.items
        seen.append((batch.first_offset, batch.last_offset, batch.receipt[:1]))
    assert seen == [(2, 4, b"\x04"), (5, 7, b"\x07")]
    assert store.reads == 2


async def test_what_is_committed_and_not_published_is_not_handed_out() -> None:
    """Items beyond the published head stay with the store until their group is published."""
    stream_, fanout, woken = stream(head=1)
    store = FakeStore(item(1), item(2))
    reader = stream_.read_from(1, woken.append)
    batch = await reader.next_batch(store, receipt_for)
    assert batch is not None
    assert batch.last_offset == 1
    fanout.publish(stream_, [item(2)], b"r" * RECEIPT_BYTES)
    assert reader.is_behind


async def test_old_groups_are_forgotten_beyond_the_bound() -> None:
    """Frames that slow readers have not read are kept within one bound; who comes late reads the store."""
    fanout = Fanout(max_recent_bytes=5_000)
    streams = [Stream(space=SpaceId(bytes([n]) * 32), space_key=n, head=0) for n in range(5)]
    for one in streams:
        one.read_from(1, lambda _: None)
        fanout.publish(one, [item(1, size_bytes=1_000)], b"")
    assert [one.last is not None for one in streams] == [False, False, False, True, True]


async def test_a_stream_without_readers_keeps_nothing() -> None:
    """Where nobody reads no frame is made."""
    stream_, fanout, woken = stream()
    reader = stream_.read_from(1, woken.append)
    reader.close()
    reader.close()
    fanout.publish(stream_, [item(1)], b"")
    assert stream_.last is None
    assert stream_.head == 1
    assert not woken


async def test_published_items_that_are_gone_are_an_error() -> None:
    """A store that lacks what was published raises; the reader's place stays."""
    stream_, _fanout, woken = stream(head=3)
    reader = stream_.read_from(2, woken.append)
    with pytest.raises(IntegrityError):
        await reader.next_batch(FakeStore(), receipt_for)
    assert reader.next_offset == 2


async def test_what_was_read_while_the_log_was_replaced_is_not_handed_out() -> None:
    """A reader whose stream ended during its read gets nothing: the hashes may be another generation's."""
    stream_, _fanout, woken = stream(head=3)

    class ReplacedStore(FakeStore):
        async def items(self, key: int, first: int, *, max_items: int, max_bytes: int) -> list[StoredItem]:
            found = await super().items(key, first, max_items=max_items, max_bytes=max_bytes)
            stream_.end()
            return found

    reader = stream_.read_from(1, woken.append)
    store = ReplacedStore(*(item(offset) for offset in range(1, 4)))
    assert await reader.next_batch(store, receipt_for) is None
    assert woken == [reader]
