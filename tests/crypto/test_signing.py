"""Tests of syncore.crypto.signing."""

import pytest
from nacl.signing import VerifyKey

from syncore.core.errors import CryptoError, Misused
from syncore.crypto.signing import SigningKey, verify
from tests.crypto.vectors import PRIMITIVES, Vector, flipped

KEY = SigningKey(bytes(range(32)))
DIGEST = bytes(range(100, 132))
SIGNATURE = KEY.sign("segment", DIGEST)

# Points whose multiples are few: signatures under them would hold for many messages.
SMALL_ORDER_KEYS = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize("vector", PRIMITIVES["signature"])
def test_signatures_are_those_of_the_format(vector: Vector) -> None:
    """A seed gives the golden public key and signature, and the signature holds."""
    key, digest = SigningKey(bytes.fromhex(vector["seed"])), bytes.fromhex(vector["digest"])
    assert key.public.hex() == vector["public"]
    assert key.sign(vector["kind"], digest).hex() == vector["signature"]
    verify(key.public, vector["kind"], digest, bytes.fromhex(vector["signature"]))


def test_what_is_signed_is_domain_purpose_and_digest() -> None:
    """A plain Ed25519 verification of the 48 specified bytes accepts our signature."""
    VerifyKey(KEY.public).verify(b"syncore1" + b"segment " + DIGEST, SIGNATURE)


@pytest.mark.parametrize("position", range(64))
def test_no_byte_of_a_signature_can_be_changed(position: int) -> None:
    """A signature with one bit turned over does not hold."""
    with pytest.raises(CryptoError):
        verify(KEY.public, "segment", DIGEST, flipped(SIGNATURE, position, bit=position % 8))


@pytest.mark.parametrize("position", range(32))
def test_no_byte_of_key_or_digest_can_be_changed(position: int) -> None:
    """A signature holds for its own key and digest alone."""
    with pytest.raises(CryptoError):
        verify(flipped(KEY.public, position), "segment", DIGEST, SIGNATURE)
    with pytest.raises(CryptoError):
        verify(KEY.public, "segment", flipped(DIGEST, position), SIGNATURE)


def test_a_signature_serves_one_purpose() -> None:
    """What was signed as a segment does not hold as a control record."""
    verify(KEY.public, "segment", DIGEST, SIGNATURE)
    with pytest.raises(CryptoError):
        verify(KEY.public, "control", DIGEST, SIGNATURE)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_keys_of_another_size_hold_nothing(size: int) -> None:
    """Under a public key that is not 32 bytes no signature holds, and nothing reads beyond it."""
    with pytest.raises(CryptoError):
        verify((KEY.public * 2)[:size], "segment", DIGEST, SIGNATURE)


@pytest.mark.parametrize("size", [0, 63, 65, 112])
def test_signatures_of_another_size_do_not_hold(size: int) -> None:
    """A signature that is not 64 bytes does not hold."""
    with pytest.raises(CryptoError):
        verify(KEY.public, "segment", DIGEST, (SIGNATURE * 2)[:size])


@pytest.mark.parametrize("public", SMALL_ORDER_KEYS)
def test_keys_of_small_order_hold_nothing(public: str) -> None:
    """The signature of zeros that fits every message under a degenerate key is refused."""
    with pytest.raises(CryptoError):
        verify(bytes.fromhex(public), "segment", DIGEST, bytes([1]) + bytes(63))


def test_signatures_cannot_be_given_a_second_form() -> None:
    """Adding the group's order to the scalar, which fits the equation too, is refused."""
    scalar = int.from_bytes(SIGNATURE[32:], "little") + GROUP_ORDER
    with pytest.raises(CryptoError):
        verify(KEY.public, "segment", DIGEST, SIGNATURE[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_only_digests_are_signed_and_verified(size: int) -> None:
    """Signing or verifying anything but 32 bytes is a mistake of the caller."""
    with pytest.raises(Misused):
        KEY.sign("segment", bytes(size))
    with pytest.raises(Misused):
        verify(KEY.public, "segment", bytes(size), SIGNATURE)


def test_every_refusal_is_the_same_error() -> None:
    """Nothing in the error tells which check failed, and no foreign exception is attached."""
    attempts = [(KEY.public, flipped(SIGNATURE, 0)), (KEY.public[:-1], SIGNATURE), (bytes(32), SIGNATURE)]
    seen = set()
    for public, signature in attempts:
        with pytest.raises(CryptoError) as caught:
            verify(public, "segment", DIGEST, signature)
        seen.add((str(caught.value), repr(caught.value.details), caught.value.__cause__))
    assert len(seen) == 1
