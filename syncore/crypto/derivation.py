"""Keys from keys: keyed BLAKE2b-256, separated by purpose (``docs/formats/primitives.md``, KDF).

Must not know whose keys they are. The key goes into BLAKE2b's own key parameter, so no derived key equals a
hash of :mod:`syncore.core.hashing` for the same purpose.
"""

import hashlib

from syncore.core.errors import Misused
from syncore.core.hashing import DOMAIN, pad8
from syncore.core.identifiers import KEY_BYTES

MIN_SECRET_BYTES = 13
"""The shortest secret there is, an invitation's (104 bits); an empty key would make a plain hash of it."""
MAX_SECRET_BYTES = hashlib.blake2b.MAX_KEY_SIZE


def derive(key: bytes, label: str, context: bytes = b"") -> bytes:
    """The 32-byte key for the purpose ``label`` (at most 8 ASCII characters), bound to ``context``.

    Raises:
        Misused: ``key`` has fewer than 13 or more than 64 bytes.
    """
    if not MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES:
        raise Misused(f"keys are derived from {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes")
    return hashlib.blake2b(context, digest_size=KEY_BYTES, key=key, person=DOMAIN + pad8(label)).digest()
