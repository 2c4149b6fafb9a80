"""Finding zstd frames in the middle of other bytes."""

import random

import pytest
import zstandard

from syncore.cli.demo.zstd_frames import MAGIC, contents_of_frames, frame_end
from syncore.codec.compression import compress

TEXTS = [b"", b"a", b"Fiumicino " * 500, random.Random(1).randbytes(300_000), bytes(400_000)]


@pytest.mark.parametrize("text", TEXTS, ids=len)
@pytest.mark.parametrize("checksum", [False, True])
def test_a_frame_ends_where_its_last_block_does(text: bytes, *, checksum: bool) -> None:
    """Frames with one block and many, raw, run-length and compressed, are cut out exactly."""
    frame = zstandard.ZstdCompressor(write_checksum=checksum).compress(text)
    assert frame_end(b"before" + frame + b"behind", 6) == 6 + len(frame)


def test_all_frames_are_found_between_other_bytes() -> None:
    """Several frames, and magic numbers that begin nothing, do not hide each other."""
    data = MAGIC + b"\xff" * 40 + compress(b"one") + b"noise" + compress(b"two") + MAGIC
    assert list(contents_of_frames(data)) == [b"one", b"two"]


def test_cut_frames_are_passed_over() -> None:
    """No beginning of a frame gives anything, nor an error."""
    frame = compress(b"Fiumicino and Gardermoen " * 20)
    for length in range(len(frame)):
        assert list(contents_of_frames(frame[:length])) == []


def test_damaged_frames_do_no_harm() -> None:
    """Whatever byte of a frame is changed, the search goes on and finds the next one."""
    frame = compress(b"Fiumicino and Gardermoen " * 20)
    for position in range(len(MAGIC), len(frame)):
        damaged = bytearray(frame)
        damaged[position] ^= 0x41
        assert len(list(contents_of_frames(bytes(damaged)))) <= 1
        assert b"next" in list(contents_of_frames(bytes(damaged[: position + 1]) + compress(b"next")))
