"""What every BodyCipher does: the real one, and the one of the demo's control, which hides nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.cli.demo.control_store import NoCipher
from syncore.core.errors import CryptoError, Misused
from syncore.crypto.keys import ContentKey
from syncore.protocol.ports import BodyCipher
from syncore.replica.space_keys import SpaceCipher
from tests.replica.world import SeededEntropy

KEYS = {1: ContentKey(b"k" * 32)}
CIPHERS = [SpaceCipher, NoCipher]


def _cipher(kind: type[SpaceCipher | NoCipher]) -> BodyCipher:
    return kind(KEYS, SeededEntropy("nonces"))


@pytest.mark.parametrize("kind", CIPHERS)
@given(plain=st.binary(max_size=2_000), header=st.binary(max_size=100))
def test_what_was_sealed_opens(kind: type[SpaceCipher | NoCipher], plain: bytes, header: bytes) -> None:
    """Opening a body under its header gives the plain bytes back."""
    cipher = _cipher(kind)
    assert cipher.open(1, cipher.seal(1, plain, header), header) == plain


@pytest.mark.parametrize("kind", CIPHERS)
def test_no_two_bodies_are_alike(kind: type[SpaceCipher | NoCipher]) -> None:
    """Sealing the same twice gives different bytes of the same length: a fresh nonce, and padding."""
    cipher = _cipher(kind)
    one, other = cipher.seal(1, b"same", b"header"), cipher.seal(1, b"same", b"header")
    assert one != other
    assert len(one) == len(other) == len(cipher.seal(1, b"not the same, but near", b"header"))


def test_the_real_one_checks_and_knows_its_epochs() -> None:
    """Another header or a flipped bit does not open; an epoch without a key is the caller's mistake."""
    cipher = _cipher(SpaceCipher)
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
