"""Hashing: separated by purpose and by the borders of its parts."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.hashing import checksum, hash_parts, pad8

parts = st.lists(st.binary(max_size=12), max_size=4)


def test_the_hash_is_blake2b_over_lengths_and_parts() -> None:
    """The definition in the formats, written out."""
    state = hashlib.blake2b(digest_size=32, person=b"syncore1segment ")
    state.update((3).to_bytes(8, "big") + b"abc" + (0).to_bytes(8, "big"))
    assert hash_parts("segment", b"abc", b"") == state.digest()


@given(parts, parts)
def test_no_two_lists_of_parts_hash_alike(first: list[bytes], second: list[bytes]) -> None:
    """Moving bytes from one part to the next changes the hash."""
    assert (hash_parts("x", *first) == hash_parts("x", *second)) == (first == second)


def test_purposes_are_separate() -> None:
    """The same parts hash differently for another purpose, and as a checksum."""
    assert hash_parts("a", b"x") != hash_parts("b", b"x")
    assert checksum(b"x") != hash_parts("a", b"x")[:8]
    assert len(checksum(b"")) == 8


def test_a_purpose_has_at_most_eight_characters() -> None:
    """A longer name is our own mistake."""
    assert pad8("log") == b"log     "
    with pytest.raises(AssertionError):
        pad8("too long!")
