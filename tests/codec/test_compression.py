"""Compression: what is not exactly one bounded frame is refused before it is decompressed."""

import contextlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.compression import compress, decompress
from syncore.core.errors import Malformed


@given(st.binary(max_size=2_000))
def test_data_round_trips(data: bytes) -> None:
    """What was compressed comes back within exactly its size."""
    assert decompress(compress(data), max_bytes=len(data)) == data


@given(st.binary(max_size=200))
def test_bytes_are_a_frame_or_malformed(data: bytes) -> None:
    """Arbitrary bytes decompress or raise Malformed."""
    with contextlib.suppress(Malformed):
        decompress(data, max_bytes=1_000)


def test_damaged_frames_are_refused_or_read() -> None:
    """Each changed byte and each cut gives data of the declared size or Malformed."""
    frame = compress(b"abcd" * 100 + bytes(100))
    for place in range(len(frame)):
        for damaged in (frame[:place], frame[:place] + bytes([frame[place] ^ 0x55]) + frame[place + 1 :]):
            try:
                assert len(decompress(damaged, max_bytes=2_000)) <= 2_000
            except Malformed:
                continue


def test_a_bomb_is_refused_by_its_declared_size() -> None:
    """Ten megabytes of zeros declare their size."""
    with pytest.raises(Malformed, match="over the limit"):
        decompress(compress(bytes(10_000_000)), max_bytes=9_999_999)


def test_an_undeclared_size_is_refused() -> None:
    """A frame that does not say how large it is may not be opened."""
    frame = zstandard.ZstdCompressor(write_content_size=False).compress(b"abc")
    with pytest.raises(Malformed, match="declares no size"):
        decompress(frame, max_bytes=100)


@pytest.mark.parametrize(
    "damage",
    [lambda frame: frame + b"\x00", lambda frame: frame + frame, lambda frame: frame[:-1]],
    ids=["byte", "frame", "cut"],
)
def test_one_whole_frame_and_nothing_else(damage) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Trailing bytes, a second frame and a missing end are Malformed."""
    with pytest.raises(Malformed):
        decompress(damage(compress(b"abc" * 50)), max_bytes=1_000)


def test_a_frame_that_lies_about_its_size_is_refused() -> None:
    """A declared size that the content does not have is Malformed, whichever way."""
    frame = bytearray(compress(bytes(200)))
    place = frame.index(200)
    for lie in (199, 201):
        frame[place] = lie
        with pytest.raises(Malformed):
            decompress(bytes(frame), max_bytes=1_000)
