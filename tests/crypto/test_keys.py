"""Tests of syncore.crypto.keys."""

import pytest
from nacl.bindings import crypto_scalarmult_base

from syncore.core.errors import CryptoError
from syncore.crypto.keys import ContentKey, DeviceKeys
from tests.crypto.vectors import PRIMITIVES, Vector, flipped

SPACE = bytes(range(32))


@pytest.mark.parametrize("vector", PRIMITIVES["device_keys"])
def test_device_keys_are_those_of_the_format(vector: Vector) -> None:
    """The two seeds give the golden public keys; the box key is the specified scalar times the base point."""
    keys = DeviceKeys(bytes.fromhex(vector["seeds"]))
    assert keys.signing.public.hex() == vector["signing_public"]
    assert keys.box.public.hex() == vector["box_public"]
    assert crypto_scalarmult_base(bytes.fromhex(vector["box_secret"])) == keys.box.public


def test_the_halves_of_device_keys_are_its_seeds() -> None:
    """The first 32 bytes are the signing seed, the others the box seed."""
    keys = DeviceKeys(bytes([1]) * 32 + bytes([2]) * 32)
    assert keys.signing.secret_bytes() == bytes([1]) * 32
    assert keys.box.secret_bytes() == bytes([2]) * 32


@pytest.mark.parametrize("vector", PRIMITIVES["content_key"])
def test_commitments_are_those_of_the_format(vector: Vector) -> None:
    """A content key gives the golden commitment, which it satisfies."""
    key, space = ContentKey(bytes.fromhex(vector["key"])), bytes.fromhex(vector["space"])
    commitment = key.commitment(space, vector["epoch"])
    assert commitment.hex() == vector["commitment"]
    key.verify_commitment(commitment, space=space, epoch=vector["epoch"])


def test_a_commitment_names_one_key_in_one_epoch_of_one_space() -> None:
    """Another key, space or epoch, and a changed or cut commitment, do not fit."""
    key = ContentKey(bytes(32))
    commitment = key.commitment(SPACE, 1)
    attempts = [
        (ContentKey(bytes([1]) * 32), commitment, SPACE, 1),
        (key, commitment, flipped(SPACE, 0), 1),
        (key, commitment, SPACE, 2),
        (key, flipped(commitment, 31), SPACE, 1),
        (key, commitment[:-1], SPACE, 1),
        (key, b"", SPACE, 1),
    ]
    for other, claimed, space, epoch in attempts:
        with pytest.raises(CryptoError):
            other.verify_commitment(claimed, space=space, epoch=epoch)
