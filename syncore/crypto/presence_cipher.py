"""The body of a presence message: padded to a fixed size, sealed under a key of its own, bound to its header.

Owns the body's layout (``docs/formats/presence.md``, Body); must not know what a header or the plaintext
means. Nothing is compressed: what is so short would gain little, and how well it compresses would show.
"""

from syncore.core.limits import LARGE_PRESENCE_BYTES, MEDIUM_PRESENCE_BYTES, SMALL_PRESENCE_BYTES
from syncore.crypto.derivation import derive
from syncore.crypto.keys import ContentKey
from syncore.crypto.padding import pad_to, unpad_from
from syncore.crypto.sealing import open_sealed, seal

PADDED_SIZES = (SMALL_PRESENCE_BYTES, MEDIUM_PRESENCE_BYTES, LARGE_PRESENCE_BYTES)

_PURPOSE = "presence"


def seal_presence_body(content_key: ContentKey, plain: bytes, header: bytes, nonce: bytes) -> bytes:
    """The body of a presence message.

    Args:
        content_key: The key of the epoch that the header names.
        plain: The encoded content; with its length it fits into the largest padded size.
        header: The message's encoded header, authenticated with the body.
        nonce: 24 fresh random bytes.

    Raises:
        Misused: ``plain`` is too long, or ``nonce`` has another size.
    """
    return seal(_body_key(content_key), pad_to(plain, PADDED_SIZES), header, nonce)


def open_presence_body(content_key: ContentKey, body: bytes, header: bytes) -> bytes:
    """The plaintext that :func:`seal_presence_body` was given.

    Raises:
        CryptoError: the seal does not hold.
        Malformed: it holds, but what is inside is not padded as it has to be.
    """
    return unpad_from(open_sealed(_body_key(content_key), body, header), PADDED_SIZES)


def _body_key(content_key: ContentKey) -> bytes:
    return derive(content_key.secret_bytes(), _PURPOSE)
