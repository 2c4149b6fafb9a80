"""Hiding lengths: PADME, from "Reducing Metadata Leakage from Encrypted Files" (Nikitin et al., 2019).

Owns the padded frame, ``u32 length + content + zeros`` (``docs/formats/primitives.md``, Padding); must not
know what is padded. A length is rounded up so that its number keeps at most as many significant bits as its
exponent has: 12 % more at worst, and only O(log log n) bits of the length show. Everything below 256 bytes
looks alike. What is always short is padded to one of a few fixed sizes instead.
"""

from collections.abc import Sequence
from typing import Final

from syncore.core.errors import Malformed, Misused

PADDED_MINIMUM_BYTES: Final = 256
"""Most segments hold a few small changes; up to here they do not differ in size at all."""
_LENGTH_BYTES: Final = 4
_MAX_CONTENT_BYTES: Final = 2**32 - 1


def padme(length: int, *, minimum: int = PADDED_MINIMUM_BYTES) -> int:
    """The padded size of ``length`` bytes: at least ``minimum``, and never less than ``length``."""
    assert length >= 0
    assert minimum >= 1
    length = max(length, minimum)
    exponent = length.bit_length() - 1
    free_bits = exponent - exponent.bit_length()
    mask = (1 << free_bits) - 1
    return (length + mask) & ~mask


def pad(content: bytes) -> bytes:
    """The padded frame of ``content``.

    Raises:
        Misused: 4 GiB or more.
    """
    if len(content) > _MAX_CONTENT_BYTES:
        raise Misused("content of 4 GiB or more cannot be padded")
    framed = len(content).to_bytes(_LENGTH_BYTES, "big") + content
    return framed.ljust(padme(len(framed)), b"\0")


def unpad(padded: bytes) -> bytes:
    """The content of a padded frame; exactly one frame is the right one for a content.

    Raises:
        Malformed: a length that does not fit, padding of another size than PADME says, or not of zeros.
    """
    end = _LENGTH_BYTES + int.from_bytes(padded[:_LENGTH_BYTES], "big")
    if len(padded) != padme(end):
        raise Malformed("a padded frame has the wrong size for its content")
    if padded[end:].strip(b"\0"):
        raise Malformed("the padding of a frame is not of zeros")
    return padded[_LENGTH_BYTES:end]


def pad_to(content: bytes, sizes: Sequence[int]) -> bytes:
    """The padded frame of ``content`` in the smallest of some sizes, which rise.

    Raises:
        Misused: it does not fit into the largest.
    """
    framed = len(content).to_bytes(_LENGTH_BYTES, "big") + content
    size = _smallest(len(framed), sizes)
    if size is None:
        raise Misused(f"content of {len(content)} bytes cannot be padded to {sizes[-1]}")
    return framed.ljust(size, b"\0")


def unpad_from(padded: bytes, sizes: Sequence[int]) -> bytes:
    """The content of a frame that :func:`pad_to` made; exactly one frame is the right one for a content.

    Raises:
        Malformed: a length that does not fit, padding to another size than the smallest, or not of zeros.
    """
    end = _LENGTH_BYTES + int.from_bytes(padded[:_LENGTH_BYTES], "big")
    if len(padded) != _smallest(end, sizes):
        raise Malformed("a padded frame has the wrong size for its content")
    if padded[end:].strip(b"\0"):
        raise Malformed("the padding of a frame is not of zeros")
    return padded[_LENGTH_BYTES:end]


def _smallest(size: int, sizes: Sequence[int]) -> int | None:
    return next((allowed for allowed in sizes if size <= allowed), None)
