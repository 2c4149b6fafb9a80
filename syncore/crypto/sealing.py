"""The one way to encrypt: XChaCha20-Poly1305 with its nonce in front (``docs/formats/primitives.md``, AEAD).

Must not know what is sealed. The 24-byte nonce is random and comes from the caller, who draws a fresh one for
every seal; associated data is authenticated but not stored. Every failure of opening is the same error.
"""

from typing import Final

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError as NaclCryptoError

from syncore.core.errors import CryptoError, Misused
from syncore.core.identifiers import KEY_BYTES

NONCE_BYTES: Final = 24
TAG_BYTES: Final = 16
OVERHEAD_BYTES: Final = NONCE_BYTES + TAG_BYTES
"""How much longer a sealed text is than its plaintext."""


def seal(key: bytes, plaintext: bytes, associated: bytes, nonce: bytes) -> bytes:
    """Nonce, ciphertext and tag: ``OVERHEAD_BYTES`` longer than ``plaintext``.

    Args:
        key: 32 bytes, used for this purpose only.
        plaintext: What only holders of ``key`` shall read.
        associated: What must be shown unchanged when opening.
        nonce: 24 fresh random bytes; never the same twice with one key.

    Raises:
        Misused: a key or nonce of another size.
    """
    _check_key(key)
    if len(nonce) != NONCE_BYTES:
        raise Misused(f"a nonce has {NONCE_BYTES} bytes")
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, associated, nonce, key)


def open_sealed(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """The plaintext that :func:`seal` was given.

    Raises:
        CryptoError: another key, other associated data, or not the sealed bytes as they were; it does not say
            which.
        Misused: a key of another size.
    """
    _check_key(key)
    if len(sealed) < OVERHEAD_BYTES:
        raise CryptoError("a seal does not hold")
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, associated, nonce, key)
    except NaclCryptoError:
        raise CryptoError("a seal does not hold") from None


def _check_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise Misused(f"a sealing key has {KEY_BYTES} bytes")
