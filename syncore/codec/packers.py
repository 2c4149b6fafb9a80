"""A packer that is made once: making one costs more than packing what a commit consists of.

Owns nothing between two calls. Packing a structure of builtin types runs no Python code and keeps the
interpreter's lock, so threads may share it.
"""

import msgpack

from syncore.core.limits import MIB

MAX_KEPT_BYTES = MIB
"""A packer keeps a buffer as large as the largest structure it has packed; above this it is made anew."""


class ReusedPacker:
    """Packs structures one after the other; one that cannot be packed leaves nothing behind."""

    __slots__ = ("_packer",)

    def __init__(self) -> None:
        """Make the first packer."""
        self._packer = _make()

    def pack(self, structure: object) -> bytes:
        """The bytes of one structure. Raises what msgpack raises."""
        encoded: bytes = self._packer.pack(structure)
        if len(encoded) > MAX_KEPT_BYTES:
            self._packer = _make()
        return encoded


def _make() -> msgpack.Packer:
    return msgpack.Packer(use_bin_type=True)
