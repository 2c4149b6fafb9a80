"""Tests of syncore.crypto.sealing."""

import pytest

from syncore.core.errors import CryptoError, Misused
from syncore.crypto.sealing import OVERHEAD_BYTES, open_sealed, seal
from tests.crypto.vectors import PRIMITIVES, Vector, flipped

KEY = bytes(range(32))
NONCE = bytes(range(24))
SEALED = seal(KEY, b"attack at dawn", b"header", NONCE)


@pytest.mark.parametrize("vector", PRIMITIVES["seal"])
def test_seals_are_those_of_the_format(vector: Vector) -> None:
    """AEAD gives the golden bytes, and opens them."""
    key, plaintext, associated, nonce, sealed = (
        bytes.fromhex(vector[name]) for name in ("key", "plaintext", "associated", "nonce", "sealed")
    )
    assert seal(key, plaintext, associated, nonce) == sealed
    assert open_sealed(key, sealed, associated) == plaintext


def test_the_published_vector_of_the_cipher_holds() -> None:
    """The example of draft-irtf-cfrg-xchacha (appendix A.3.1) comes out, with its nonce in front."""
    nonce = bytes(range(0x40, 0x58))
    sealed = seal(
        bytes(range(0x80, 0xA0)),
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        b"sunscreen would be it.",
        bytes.fromhex("50515253c0c1c2c3c4c5c6c7"),
        nonce,
    )
    assert sealed == nonce + bytes.fromhex(
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
        "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
        "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
        "21f9664c97637da9768812f615c68b13b52e"
        "c0875924c1c7987947deafd8780acf49"
    )


@pytest.mark.parametrize("position", range(len(SEALED)))
def test_no_byte_of_a_seal_can_be_changed(position: int) -> None:
    """Nonce, ciphertext and tag with one bit turned over do not open."""
    with pytest.raises(CryptoError):
        open_sealed(KEY, flipped(SEALED, position, bit=position % 8), b"header")


@pytest.mark.parametrize("size", range(len(SEALED)))
def test_no_part_of_a_seal_opens(size: int) -> None:
    """A seal cut short anywhere does not open."""
    with pytest.raises(CryptoError):
        open_sealed(KEY, SEALED[:size], b"header")


def test_every_refusal_is_the_same_error() -> None:
    """Another key, other associated data, changed and cut seals cannot be told apart."""
    attempts = [
        (flipped(KEY, 0), SEALED, b"header"),
        (KEY, SEALED, b""),
        (KEY, SEALED, b"headers"),
        (KEY, flipped(SEALED, 30), b"header"),
        (KEY, SEALED[: OVERHEAD_BYTES - 1], b"header"),
        (KEY, b"", b"header"),
    ]
    seen = set()
    for key, sealed, associated in attempts:
        with pytest.raises(CryptoError) as caught:
            open_sealed(key, sealed, associated)
        seen.add((str(caught.value), repr(caught.value.details), caught.value.__cause__))
    assert len(seen) == 1


@pytest.mark.parametrize("size", [0, 12, 23, 25])
def test_nonces_of_another_size_are_refused(size: int) -> None:
    """Sealing with anything but 24 bytes of nonce is a mistake of the caller."""
    with pytest.raises(Misused):
        seal(KEY, b"", b"", bytes(size))


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_keys_of_another_size_are_refused(size: int) -> None:
    """Sealing or opening with anything but 32 bytes of key is a mistake of the caller."""
    with pytest.raises(Misused):
        seal(bytes(size), b"", b"", NONCE)
    with pytest.raises(Misused):
        open_sealed(bytes(size), SEALED, b"header")
