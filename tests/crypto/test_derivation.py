"""Tests of syncore.crypto.derivation, and of the hash beside it in the same format."""

import pytest

from syncore.core.errors import Misused
from syncore.core.hashing import hash_parts
from syncore.crypto.derivation import derive
from tests.crypto.vectors import PRIMITIVES, Vector


@pytest.mark.parametrize("vector", PRIMITIVES["hash"])
def test_hashes_are_those_of_the_format(vector: Vector) -> None:
    """H gives the golden hashes."""
    parts = [bytes.fromhex(part) for part in vector["parts"]]
    assert hash_parts(vector["kind"], *parts).hex() == vector["hash"]


@pytest.mark.parametrize("vector", PRIMITIVES["derivation"])
def test_derived_keys_are_those_of_the_format(vector: Vector) -> None:
    """KDF gives the golden keys."""
    derived = derive(bytes.fromhex(vector["key"]), vector["label"], bytes.fromhex(vector["context"]))
    assert derived.hex() == vector["derived"]


def test_purpose_and_context_separate_keys() -> None:
    """Another purpose, context or key gives another derived key, and none is a plain hash."""
    key = bytes(32)
    derived = {
        derive(key, "segment"),
        derive(key, "presence"),
        derive(key, "segment", b"x"),
        derive(bytes([1]) * 32, "segment"),
        hash_parts("segment"),
    }
    assert len(derived) == 5


@pytest.mark.parametrize("size", [0, 12, 65])
def test_short_and_overlong_keys_are_refused(size: int) -> None:
    """Nothing is derived from a key that is no secret; an empty one would silently give a plain hash."""
    with pytest.raises(Misused):
        derive(bytes(size), "segment")
