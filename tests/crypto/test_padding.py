"""Tests of syncore.crypto.padding."""

import pytest

from syncore.core.errors import Malformed, Misused
from syncore.crypto.padding import pad, pad_to, padme, unpad, unpad_from
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


SIZES = (8, 16, 64)


def test_fixed_sizes_take_the_smallest_that_fits() -> None:
    """A content is padded to the first size that holds it and its length, and comes back."""
    for length, size in ((0, 8), (4, 8), (5, 16), (12, 16), (13, 64), (60, 64)):
        content = bytes(range(1, length + 1))
        padded = pad_to(content, SIZES)
        assert len(padded) == size
        assert unpad_from(padded, SIZES) == content
    with pytest.raises(Misused):
        pad_to(bytes(61), SIZES)


def test_a_content_has_one_frame_of_a_fixed_size() -> None:
    """Another size, another length, or padding that is not of zeros is refused."""
    padded = pad_to(b"abc", SIZES)
    for other in (b"", padded[:3], padded + bytes(8), padded[:-1], padded[:-1] + b"\1"):
        with pytest.raises(Malformed):
            unpad_from(other, SIZES)
    for length in (4, 5, 61, 2**32 - 1):
        frame = length.to_bytes(4, "big") + padded[4:]
        if length == 4:
            assert unpad_from(frame, SIZES) == b"abc\0"
        else:
            with pytest.raises(Malformed):
                unpad_from(frame, SIZES)
