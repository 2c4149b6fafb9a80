"""Tests of syncore.protocol.packing_plan."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from syncore.core.limits import MAX_COMMIT_BYTES, MAX_COMMITS_PER_SEGMENT, SEGMENT_TARGET_BYTES
from syncore.protocol.packing_plan import commits_for_next_segment


@given(st.lists(st.integers(1, MAX_COMMIT_BYTES), max_size=600))
def test_a_plan_takes_some_but_not_too_many(sizes: list[int]) -> None:
    """A plan takes at least one commit of any, never more than fit, and stops only for a reason."""
    taken = commits_for_next_segment(sizes)
    assert (taken == 0) == (not sizes)
    assert taken <= MAX_COMMITS_PER_SEGMENT
    assert sum(sizes[: max(taken - 1, 0)]) < SEGMENT_TARGET_BYTES
    is_full = taken == MAX_COMMITS_PER_SEGMENT or sum(sizes[:taken]) >= SEGMENT_TARGET_BYTES
    assert is_full or taken == len(sizes)


def test_a_plan_reads_no_further_than_it_takes() -> None:
    """Sizes behind the last commit taken are not asked for: they may be rows of a long table."""

    def sizes() -> Iterator[int]:
        yield SEGMENT_TARGET_BYTES
        raise AssertionError("read too far")

    assert commits_for_next_segment(sizes()) == 1
