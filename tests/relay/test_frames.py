"""Items frames from ready bytes."""

import pytest

from relay.frames import items_frame
from syncore.core.identifiers import SpaceId
from syncore.core.limits import MAX_BATCH_ITEMS
from syncore.protocol.items import SegmentItem, encode_item
from syncore.protocol.message_codec import encode_message
from syncore.protocol.messages import Items

SPACE = SpaceId(b"s" * 32)


@pytest.mark.parametrize("count", [1, 15, 16, 255, 256, MAX_BATCH_ITEMS])
@pytest.mark.parametrize("first_offset", [1, 127, 128, 2**16, 2**40])
@pytest.mark.parametrize("receipt", [b"", b"r" * 228])
def test_a_spliced_frame_is_the_encoded_one(count: int, first_offset: int, receipt: bytes) -> None:
    """Whatever the number of items and the offset, splicing gives the bytes that encoding gives."""
    items = tuple(
        SegmentItem(content=bytes([n % 256]) * (n % 300), signature=b"s" * 64) for n in range(count)
    )
    encoded = encode_message(Items(space=SPACE, first_offset=first_offset, items=items, receipt=receipt))
    assert items_frame(SPACE, first_offset, [encode_item(item) for item in items], receipt) == encoded
