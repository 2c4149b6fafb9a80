"""What every BodyCipher does: the real one, and the one of the protocol's tests."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.crypto.keys import ContentKey
from syncore.protocol.ports import BodyCipher
from syncore.replica.space_keys import SpaceCipher
from tests.protocol.builders import OneKeyCipher
from tests.replica.world import SeededEntropy

KEY = ContentKey(b"k" * 32)
CIPHERS: dict[str, Callable[[], BodyCipher]] = {
    "space": lambda: SpaceCipher({1: KEY}, SeededEntropy("nonces")),
    "one key": lambda: OneKeyCipher(KEY),
}


@pytest.mark.parametrize("kind", CIPHERS)
@given(plain=st.binary(max_size=2_000), header=st.binary(max_size=100))
def test_what_was_sealed_opens(kind: str, plain: bytes, header: bytes) -> None:
    """Opening a body under its header gives the plain bytes back."""
    cipher = CIPHERS[kind]()
    assert cipher.open(1, cipher.seal(1, plain, header), header) == plain


@pytest.mark.parametrize("kind", CIPHERS)
def test_no_two_bodies_are_alike(kind: str) -> None:
    """Sealing the same twice gives different bytes of the same length: a fresh nonce, and padding."""
    cipher = CIPHERS[kind]()
    one, other = cipher.seal(1, b"same", b"header"), cipher.seal(1, b"same", b"header")
    assert one != other
    assert len(one) == len(other) == len(cipher.seal(1, b"not the same, but near", b"header"))
