"""Canonical msgpack for formats: every structure has exactly one encoding, and only that one is read.

Formats use arrays, integers, byte strings, text, booleans and nil; no maps and no extensions. Decoding packs
what it read again and compares, so an overlong integer or a 32-bit length in front of three bytes is refused.
"""

from collections.abc import Sequence

import msgpack

from syncore.codec.packers import ReusedPacker
from syncore.core.errors import Malformed

_PACKER = ReusedPacker()
_AS_DATETIME = 3
"""How msgpack reads its timestamp extension; packing a datetime raises, so timestamps are refused."""

Packed = None | bool | int | float | str | bytes | Sequence["Packed"]
"""What formats may hold; sequences come back as tuples."""


def pack(structure: Packed) -> bytes:
    """The canonical bytes of a structure of arrays and scalars."""
    return _PACKER.pack(structure)


def unpack(data: bytes, *, what: str, max_bytes: int) -> "Unpacked":
    """Read bytes that :func:`pack` wrote.

    Args:
        data: The whole encoding; trailing bytes are refused.
        what: Names the structure in error messages.
        max_bytes: Refuse longer input before looking at it.

    Raises:
        Malformed: too long, not msgpack, not canonical, or holding a map or an extension.
    """
    if len(data) > max_bytes:
        raise Malformed(f"{what} is {len(data)} bytes long; {max_bytes} are allowed")
    try:
        structure: Unpacked = msgpack.unpackb(
            data,
            use_list=False,
            raw=False,
            timestamp=_AS_DATETIME,
            object_pairs_hook=_refuse_map,
            ext_hook=_refuse_extension,
        )
        is_canonical = pack(structure) == data
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise Malformed(f"{what} does not decode") from error
    if not is_canonical:
        raise Malformed(f"{what} is not in its canonical encoding")
    return structure


Unpacked = None | bool | int | float | str | bytes | tuple["Unpacked", ...]


def _refuse_map(_: object) -> None:
    raise ValueError("maps are not part of the format")


def _refuse_extension(_code: int, _data: bytes) -> None:
    raise ValueError("extensions are not part of the format")
