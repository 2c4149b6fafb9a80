"""Items frames made of bytes that are ready (``docs/formats/session.md``, type 6).

A frame is a msgpack array; its items come out of the store exactly as they go in here, so a frame is a
prefix, the stored bytes one after another, and the receipt. The result is what
``encode_message(Items(...))`` gives, which a test holds.
"""

from collections.abc import Sequence

from syncore.codec.packing import pack
from syncore.core.identifiers import SpaceId

_ITEMS_PREFIX = b"\x95\x06"  # an array of five, the type in front
_SMALL_ARRAY = 16


def items_frame(space: SpaceId, first_offset: int, items: Sequence[bytes], receipt: bytes) -> bytes:
    """The frame that carries encoded items from an offset on."""
    return b"".join(
        (_ITEMS_PREFIX, pack(space), pack(first_offset), array_header(len(items)), *items, pack(receipt))
    )


def array_header(length: int) -> bytes:
    """Msgpack's shortest header of an array."""
    if length < _SMALL_ARRAY:
        return bytes((0x90 | length,))
    return b"\xdc" + length.to_bytes(2, "big")
