"""Finding zstd frames inside other bytes: RFC 8878, sections 3.1.1 and 3.1.2.

Owns where a frame begins (its magic number) and ends (behind its last block, and a checksum if there is one).
What is inside is decompressed by :mod:`syncore.codec.compression`, which wants a declared size and a bound.
"""

from collections.abc import Iterator

from syncore.codec.compression import decompress
from syncore.core.errors import Malformed
from syncore.core.limits import MAX_SEGMENT_PLAIN_BYTES

MAGIC = b"\x28\xb5\x2f\xfd"

_HEADER_BYTES = len(MAGIC) + 1
_BLOCK_HEADER_BYTES = 3
_CHECKSUM_BYTES = 4
_DICTIONARY_ID_BYTES = (0, 1, 2, 4)
_CONTENT_SIZE_BYTES = (0, 2, 4, 8)
_RUN_LENGTH = 1
"""The type of a block that stores one byte, however long it is."""


def contents_of_frames(data: bytes) -> Iterator[bytes]:
    """What every zstd frame within ``data`` holds; frames that are cut short or damaged are passed over."""
    start = data.find(MAGIC)
    while start >= 0:
        end = frame_end(data, start)
        if end is not None:
            try:
                yield decompress(data[start:end], max_bytes=MAX_SEGMENT_PLAIN_BYTES)
            except Malformed:
                end = None
        start = data.find(MAGIC, start + 1 if end is None else end)


def frame_end(data: bytes, start: int) -> int | None:
    """Where the frame that begins at ``start`` ends; None if it does not end within ``data``."""
    if len(data) < start + _HEADER_BYTES:
        return None
    descriptor = data[start + len(MAGIC)]
    is_single_segment = bool(descriptor & 0x20)
    size_bytes = _CONTENT_SIZE_BYTES[descriptor >> 6] or int(is_single_segment)
    position = (
        start + _HEADER_BYTES + (not is_single_segment) + _DICTIONARY_ID_BYTES[descriptor & 3] + size_bytes
    )
    is_last = False
    while not is_last:
        header = data[position : position + _BLOCK_HEADER_BYTES]
        if len(header) < _BLOCK_HEADER_BYTES:
            return None
        number = int.from_bytes(header, "little")
        is_last = bool(number & 1)
        stored_bytes = 1 if number >> 1 & 3 == _RUN_LENGTH else number >> 3
        position += _BLOCK_HEADER_BYTES + stored_bytes
    position += _CHECKSUM_BYTES if descriptor & 0x04 else 0
    return position if position <= len(data) else None
