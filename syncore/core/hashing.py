"""The one hash of all formats: BLAKE2b-256, separated by purpose (``docs/formats/primitives.md``)."""

import hashlib
from functools import lru_cache

from syncore.core.identifiers import HASH_BYTES

DOMAIN = b"syncore1"
_KIND_BYTES = 8


def pad8(name: str) -> bytes:
    """A purpose as the 8 bytes that separate it from all others."""
    padded = name.encode("ascii").ljust(_KIND_BYTES)
    assert len(padded) == _KIND_BYTES, name
    return padded


@lru_cache(maxsize=64)
def _fresh(kind: str) -> "hashlib.blake2b":
    return hashlib.blake2b(digest_size=HASH_BYTES, person=DOMAIN + pad8(kind))


def hash_parts(kind: str, *parts: bytes) -> bytes:
    """The 32-byte hash of ``parts`` for the purpose ``kind`` (at most 8 ASCII characters).

    Each part is preceded by its length (u64, big-endian), so no two lists of parts hash alike.
    """
    state = _fresh(kind).copy()
    for part in parts:
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.digest()


_CHECKSUM = hashlib.blake2b(digest_size=8, person=DOMAIN + pad8("checksum"))


def checksum(data: bytes) -> bytes:
    """8 bytes that tell whether stored bytes are what was written (against accidents, not attackers)."""
    state = _CHECKSUM.copy()
    state.update(data)
    return state.digest()
