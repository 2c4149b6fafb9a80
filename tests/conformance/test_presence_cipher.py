"""What every PresenceCipher does: the real one, and the one of the protocol's tests."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import CryptoError, Malformed, Misused
from syncore.core.limits import LARGE_PRESENCE_BYTES
from syncore.crypto.derivation import derive
from syncore.crypto.keys import ContentKey
from syncore.crypto.sealing import seal
from syncore.protocol.ports import PresenceCipher
from syncore.replica.space_keys import SpacePresenceCipher
from tests.protocol.presences import OneKeyPresenceCipher
from tests.replica.world import SeededEntropy

KEY = ContentKey(b"k" * 32)


def real() -> PresenceCipher:
    """The one that replicas use."""
    return SpacePresenceCipher({1: KEY}, SeededEntropy("nonces"))


def counted() -> PresenceCipher:
    """The one that makes the same bytes in every run."""
    return OneKeyPresenceCipher(KEY)


CIPHERS = [real, counted]


@pytest.mark.parametrize("make", CIPHERS)
@given(plain=st.binary(max_size=LARGE_PRESENCE_BYTES - 4), header=st.binary(max_size=100))
def test_what_was_sealed_opens(make: Callable[[], PresenceCipher], plain: bytes, header: bytes) -> None:
    """Opening a body under its header gives the plain bytes back."""
    cipher = make()
    assert cipher.open(1, cipher.seal(1, plain, header), header) == plain


@pytest.mark.parametrize("make", CIPHERS)
def test_no_two_messages_are_alike(make: Callable[[], PresenceCipher]) -> None:
    """The same content in two messages gives different bodies of the same length."""
    cipher = make()
    one, other = cipher.seal(1, b"same", b"counter 1"), cipher.seal(1, b"same", b"counter 2")
    assert one != other
    assert len(one) == len(other)


@pytest.mark.parametrize("make", CIPHERS)
def test_what_is_wrong_is_told_apart(make: Callable[[], PresenceCipher]) -> None:
    """Another header does not open; a bad inside is its author's; an epoch without a key is the caller's."""
    cipher = make()
    body = cipher.seal(1, b"plain", b"header")
    with pytest.raises(CryptoError):
        cipher.open(1, body, b"other header")
    with pytest.raises(CryptoError):
        cipher.open(1, body[:-1] + bytes([body[-1] ^ 1]), b"header")
    unpadded = seal(derive(KEY.secret_bytes(), "presence"), bytes(5), b"header", bytes(24))
    with pytest.raises(Malformed):
        cipher.open(1, unpadded, b"header")
    with pytest.raises(Misused):
        cipher.open(2, body, b"header")


def test_the_real_one_draws_a_fresh_nonce() -> None:
    """The same content under the same header is never the same bytes; without the epoch's key nothing is."""
    cipher = real()
    assert cipher.seal(1, b"same", b"header") != cipher.seal(1, b"same", b"header")
    with pytest.raises(Misused):
        cipher.seal(2, b"plain", b"header")
