"""The body of a segment: compressed, padded, sealed under the epoch's key and bound to its header.

Owns the body's layout (``docs/formats/primitives.md``, Segment body); must not know what a header or the
plaintext means. Whose fault a body is decides the error: where the seal does not hold nobody can be blamed,
and it is a CryptoError; where it holds, somebody with the key wrote what is inside, and a bad frame is
Malformed.
"""

from syncore.codec.compression import compress, decompress
from syncore.core.errors import CryptoError, Misused
from syncore.core.limits import MAX_SEGMENT_BYTES, MAX_SEGMENT_PLAIN_BYTES
from syncore.crypto.derivation import derive
from syncore.crypto.keys import ContentKey
from syncore.crypto.padding import pad, unpad
from syncore.crypto.sealing import open_sealed, seal

_PURPOSE = "segment"


def seal_body(content_key: ContentKey, plain: bytes, header: bytes, nonce: bytes) -> bytes:
    """The body of a segment.

    Args:
        content_key: The key of the epoch that the header names.
        plain: The encoded commits, at most ``MAX_SEGMENT_PLAIN_BYTES``.
        header: The segment's encoded header, authenticated with the body.
        nonce: 24 fresh random bytes.

    Raises:
        Misused: ``plain`` is too long, or ``nonce`` has another size.
    """
    if len(plain) > MAX_SEGMENT_PLAIN_BYTES:
        raise Misused(f"a segment holds {MAX_SEGMENT_PLAIN_BYTES} bytes, not {len(plain)}")
    return seal(_body_key(content_key), pad(compress(plain)), header, nonce)


def open_body(content_key: ContentKey, body: bytes, header: bytes, *, max_plain_bytes: int) -> bytes:
    """The plaintext that :func:`seal_body` was given.

    Raises:
        CryptoError: the seal does not hold, or the body is longer than a whole segment may be.
        Malformed: it holds, but what is inside is not one padded zstd frame of at most ``max_plain_bytes``.
    """
    if len(body) > MAX_SEGMENT_BYTES:
        raise CryptoError("a seal does not hold")
    frame = unpad(open_sealed(_body_key(content_key), body, header))
    return decompress(frame, max_bytes=max_plain_bytes)


def _body_key(content_key: ContentKey) -> bytes:
    return derive(content_key.secret_bytes(), _PURPOSE)
