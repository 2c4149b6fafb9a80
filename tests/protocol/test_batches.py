"""Tests of syncore.protocol.batches."""

import pytest

from syncore.core.limits import MAX_BATCH_ITEMS, MAX_FRAME_BYTES
from syncore.protocol.batches import make_batch
from syncore.protocol.message_codec import decode_message
from syncore.protocol.messages import Items
from tests.protocol.builders import Space


def test_a_batch_carries_a_run_of_the_log() -> None:
    """The frame holds the items whole with the receipt; hashes and offsets beside it are those of the run."""
    space = Space(devices=2)
    space.write(0)
    receipt = space.receipt(4)
    batch = make_batch(space.id, first_offset=2, items=space.items[1:4], receipt=receipt)
    assert (batch.space, batch.first_offset, batch.last_offset, batch.receipt) == (space.id, 2, 4, receipt)
    assert list(zip(batch.hashes, batch.items, strict=True)) == space.items[1:4]
    assert decode_message(batch.frame, MAX_FRAME_BYTES) == Items(
        space=space.id, first_offset=2, items=batch.items, receipt=receipt
    )


def test_a_single_item_ends_where_it_begins() -> None:
    """The first and the last offset of one item are the same; a batch may come without a receipt."""
    space = Space()
    batch = make_batch(space.id, first_offset=9, items=space.items[:1], receipt=b"")
    assert (batch.first_offset, batch.last_offset) == (9, 9)
    assert decode_message(batch.frame, MAX_FRAME_BYTES) == Items(
        space=space.id, first_offset=9, items=batch.items, receipt=b""
    )


def test_a_batch_is_neither_empty_nor_over_the_bound() -> None:
    """No frame is made that a reader would refuse: as many items as allowed fit, one more does not."""
    space = Space()
    most = [space.items[0]] * MAX_BATCH_ITEMS
    full = make_batch(space.id, first_offset=1, items=most, receipt=b"")
    decoded = decode_message(full.frame, MAX_FRAME_BYTES)
    assert isinstance(decoded, Items)
    assert len(decoded.items) == full.last_offset == MAX_BATCH_ITEMS
    for wrong in ([], [*most, most[0]]):
        with pytest.raises(AssertionError):
            make_batch(space.id, first_offset=1, items=wrong, receipt=b"")
