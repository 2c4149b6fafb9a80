"""zstd with a bound: the declared size is read and checked before a byte is decompressed."""

import zstandard

from syncore.core.errors import Malformed

_LEVEL = 3


def compress(data: bytes) -> bytes:
    """One zstd frame that declares its content size."""
    return zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True, write_checksum=False).compress(
        data
    )


def decompress(frame: bytes, *, max_bytes: int) -> bytes:
    """The content of exactly one zstd frame.

    Raises:
        Malformed: not one whole frame, no declared size, a declared size over ``max_bytes``, or trailing
            bytes.
    """
    try:
        parameters = zstandard.get_frame_parameters(frame)
        size_bytes = parameters.content_size
        if size_bytes == zstandard.CONTENTSIZE_UNKNOWN or size_bytes > max_bytes:
            raise Malformed("a compressed frame declares no size, or one over the limit")
        # The window decides what the decompressor allocates; a frame with a single segment has a window of
        # its size.
        decompressor = zstandard.ZstdDecompressor(max_window_size=max(max_bytes, 1024)).decompressobj()
        data = decompressor.decompress(frame)
    except (zstandard.ZstdError, MemoryError) as error:
        raise Malformed("a compressed frame does not decode") from error
    if not decompressor.eof or decompressor.unused_data or len(data) != size_bytes:
        raise Malformed("a compressed frame is cut short, has trailing bytes, or lies about its size")
    return data
