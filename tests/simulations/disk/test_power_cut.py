"""What may be left of a file, and what may not."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from simulations.disk.power_cut import LOST_WRITE, SECTOR_BYTES, TORN_WRITE, surviving_content
from simulations.disk.stored_file import Change, Truncation, Write

PAGE = 4096


@given(st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 5), st.integers(1, 255)), max_size=20))
def test_every_sector_is_as_some_write_left_it(seed: int, pages: list[tuple[int, int]]) -> None:
    """Each sector of a file holds what was synced or what one of the writes put there, never a mixture."""
    synced = b"\xff" * 3 * PAGE
    writes = [Write(page * PAGE, bytes([value]) * PAGE) for page, value in pages]
    left = surviving_content(synced, writes, Random(seed), Counter())
    for start in range(0, len(left), SECTOR_BYTES):
        sector = set(left[start : start + SECTOR_BYTES])
        page = start // PAGE
        before = 255 if page < 3 else 0
        assert len(sector) == 1
        assert sector <= {before, *(value for written, value in pages if written == page)}


@given(
    st.integers(0, 2**32),
    st.binary(max_size=2000),
    st.integers(0, 1000),
    st.binary(min_size=1, max_size=2000),
)
def test_bytes_beside_a_write_are_never_harmed(seed: int, synced: bytes, offset: int, data: bytes) -> None:
    """What was synced and not written over is there, whatever happens to a write beside it."""
    left = surviving_content(synced, [Write(offset, data)], Random(seed), Counter())
    assert left[:offset] == synced[:offset] + bytes(min(len(left), offset) - min(len(synced), offset))
    assert left[offset + len(data) :] == synced[offset + len(data) :]


def outcomes(synced: bytes, changes: list[Change]) -> Counter[bytes]:
    """How often each content is left, over many power cuts."""
    return Counter(
        bytes(surviving_content(synced, changes, Random(seed), Counter())) for seed in range(2_000)
    )


def test_writes_survive_in_any_combination() -> None:
    """Of three writes each of the eight subsets can survive, also a later one without an earlier one."""
    changes: list[Change] = [Write(place, b"x") for place in range(3)]
    assert len(outcomes(b"...", changes)) == 8


def test_a_write_can_be_torn_at_each_of_its_sector_boundaries() -> None:
    """Of a page each beginning and each end of whole sectors can be left, and nothing else."""
    found = {
        content.replace(b"." * 512, b".").replace(b"x" * 512, b"x")
        for content in outcomes(b"." * PAGE, [Write(0, b"x" * PAGE)])
    }
    beginnings = {b"x" * kept + b"." * (8 - kept) for kept in range(9)}
    ends = {b"." * lost + b"x" * (8 - lost) for lost in range(9)}
    assert found == beginnings | ends


def test_a_small_write_is_whole_or_missing() -> None:
    """What lies within one sector is not torn."""
    assert set(outcomes(b"." * 30, [Write(3, b"x" * 24)])) == {b"." * 30, b"..." + b"x" * 24 + b"..."}


def test_what_follows_a_lost_truncation_is_lost() -> None:
    """A truncation and what was written after it can be missing together, never the truncation alone."""
    found = set(outcomes(b"abcd", [Write(1, b"X"), Truncation(0), Write(0, b"12")]))
    assert found == {b"abcd", b"aXcd", b"", b"12"}


def test_lost_and_torn_writes_are_counted() -> None:
    """The faults that are counted are those that happened."""
    for seed in range(100):
        faults: Counter[str] = Counter()
        left = surviving_content(b"." * PAGE, [Write(0, b"x" * PAGE)], Random(seed), faults)
        kept = left.count(b"x")
        assert faults[LOST_WRITE] == (kept == 0)
        assert faults[TORN_WRITE] == (0 < kept < PAGE)
