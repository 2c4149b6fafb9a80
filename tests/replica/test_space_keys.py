"""Tests of syncore.replica.space_keys; what every cipher does is in the suite of ``BodyCipher``."""

import pytest

from syncore.codec.compression import compress
from syncore.core.errors import CryptoError, Malformed, Misused
from syncore.core.limits import MAX_SEGMENT_PLAIN_BYTES
from syncore.crypto.derivation import derive
from syncore.crypto.keys import ContentKey
from syncore.crypto.padding import pad
from syncore.crypto.sealing import NONCE_BYTES, seal
from syncore.crypto.segment_cipher import open_body, seal_body
from syncore.replica.space_keys import SpaceCipher
from tests.replica.world import SeededEntropy

FIRST, SECOND = ContentKey(b"1" * 32), ContentKey(b"2" * 32)


def cipher_of(keys: dict[int, ContentKey]) -> SpaceCipher:
    """The cipher of a space that has these keys."""
    return SpaceCipher(keys, SeededEntropy("nonces"))


def test_the_real_one_checks_and_knows_its_epochs() -> None:
    """Another header or a flipped bit does not open; an epoch without a key is the caller's mistake."""
    cipher = cipher_of({1: FIRST})
    body = cipher.seal(1, b"plain", b"header")
    assert b"plain" not in body
    with pytest.raises(CryptoError):
        cipher.open(1, body, b"other header")
    with pytest.raises(CryptoError):
        cipher.open(1, body[:-1] + bytes([body[-1] ^ 1]), b"header")
    with pytest.raises(Misused):
        cipher.open(2, body, b"header")
    with pytest.raises(Misused):
        cipher.seal(2, b"plain", b"header")


def test_each_epoch_has_its_own_key() -> None:
    """What was sealed in one epoch opens under that epoch's key alone."""
    cipher = cipher_of({1: FIRST, 2: SECOND})
    for epoch, key, other in ((1, FIRST, SECOND), (2, SECOND, FIRST)):
        body = cipher.seal(epoch, b"plain", b"header")
        assert open_body(key, body, b"header", max_plain_bytes=5) == b"plain"
        with pytest.raises(CryptoError):
            open_body(other, body, b"header", max_plain_bytes=5)
        with pytest.raises(CryptoError):
            cipher.open(3 - epoch, body, b"header")


def test_nonces_come_from_entropy() -> None:
    """Each body is sealed under the next bytes that entropy gives, so a world of seeds can be repeated."""
    cipher, entropy = cipher_of({1: FIRST}), SeededEntropy("nonces")
    for plain in (b"one", b"one", b"two"):
        expected = seal_body(FIRST, plain, b"header", entropy.random_bytes(NONCE_BYTES))
        assert cipher.seal(1, plain, b"header") == expected


def test_keys_are_held_as_they_were_given() -> None:
    """Keys that are added or taken away later do not change what a cipher can do."""
    keys = {1: FIRST}
    cipher = cipher_of(keys)
    del keys[1]
    keys[2] = SECOND
    assert cipher.open(1, cipher.seal(1, b"plain", b""), b"") == b"plain"
    with pytest.raises(Misused, match="epoch 2"):
        cipher.seal(2, b"plain", b"")


def test_no_body_unfolds_beyond_a_segment() -> None:
    """The most that a segment may hold opens; a member's body that would unfold to more is refused."""
    cipher = cipher_of({1: FIRST})
    largest = bytes(MAX_SEGMENT_PLAIN_BYTES)
    assert cipher.open(1, cipher.seal(1, largest, b""), b"") == largest
    key = derive(FIRST.secret_bytes(), "segment")
    with pytest.raises(Malformed):
        cipher.open(1, seal(key, pad(compress(largest + b"\0")), b"", bytes(NONCE_BYTES)), b"")
