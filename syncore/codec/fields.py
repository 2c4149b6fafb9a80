"""Typed reading of unpacked structures: the boundary where untyped tuples become checked fields."""

from syncore.codec.packing import Unpacked
from syncore.core.errors import Malformed


def as_array(
    structure: Unpacked, *, what: str, length: int | None = None, max_length: int | None = None
) -> "tuple[Unpacked, ...]":
    """The structure as an array, of exactly ``length`` or at most ``max_length`` items."""
    if not isinstance(structure, tuple):
        raise Malformed(f"{what} must be an array")
    if length is not None and len(structure) != length:
        raise Malformed(f"{what} has {len(structure)} items, not {length}")
    if max_length is not None and len(structure) > max_length:
        raise Malformed(f"{what} has {len(structure)} items; {max_length} are allowed")
    return structure


def as_integer(structure: Unpacked, *, what: str, low: int = 0, high: int = 2**64 - 1) -> int:
    """The structure as an integer in ``low .. high``."""
    if type(structure) is not int or not low <= structure <= high:
        raise Malformed(f"{what} must be an integer from {low} to {high}")
    return structure


def as_bytes(
    structure: Unpacked, *, what: str, length: int | None = None, max_length: int | None = None
) -> bytes:
    """The structure as bytes, of exactly ``length`` or at most ``max_length``."""
    if type(structure) is not bytes:
        raise Malformed(f"{what} must be bytes")
    if length is not None and len(structure) != length:
        raise Malformed(f"{what} has {len(structure)} bytes, not {length}")
    if max_length is not None and len(structure) > max_length:
        raise Malformed(f"{what} has {len(structure)} bytes; {max_length} are allowed")
    return structure


def as_text(structure: Unpacked, *, what: str, max_bytes: int) -> str:
    """The structure as text of at most ``max_bytes`` in UTF-8."""
    if type(structure) is not str or len(structure.encode()) > max_bytes:
        raise Malformed(f"{what} must be text of at most {max_bytes} bytes")
    return structure
