"""Tests of syncore.crypto.padding."""

import pytest

from syncore.core.errors import Malformed
from syncore.crypto.padding import pad, padme, unpad
from tests.crypto.vectors import PRIMITIVES, Vector, flipped


@pytest.mark.parametrize(("length", "padded_length"), PRIMITIVES["padding"]["sizes"])
def test_sizes_are_those_of_the_format(length: int, padded_length: int) -> None:
    """PADME gives the golden sizes."""
    assert padme(length) == padded_length


@pytest.mark.parametrize("vector", PRIMITIVES["padding"]["frames"])
def test_frames_are_those_of_the_format(vector: Vector) -> None:
    """A content gives its golden frame, and comes back from it."""
    content, padded = bytes.fromhex(vector["content"]), bytes.fromhex(vector["padded"])
    assert pad(content) == padded
    assert unpad(padded) == content


@pytest.mark.parametrize(
    ("length", "padded_length"), [(1, 1), (2, 2), (9, 10), (100, 104), (1024, 1024), (1025, 1088)]
)
def test_the_minimum_is_the_callers(length: int, padded_length: int) -> None:
    """Without our minimum, sizes are those of the paper's formula."""
    assert padme(length, minimum=1) == padded_length


def test_each_content_has_one_frame() -> None:
    """One byte more or less of padding, or one bit in it, is refused."""
    padded = pad(b"abc")
    for other in (padded[:-1], padded + b"\0", padded + bytes(16), padded[:7], b"", b"\0\0\0"):
        with pytest.raises(Malformed):
            unpad(other)
    for position in range(7, len(padded)):
        with pytest.raises(Malformed):
            unpad(flipped(padded, position))


def test_a_length_is_not_believed() -> None:
    """A frame that declares more than it holds is refused, up to the largest length."""
    for length in (253, 2**16, 2**31, 2**32 - 1):
        with pytest.raises(Malformed):
            unpad(length.to_bytes(4, "big") + bytes(252))
