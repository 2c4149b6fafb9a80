"""Tests of syncore.replica.segment_index; what every index says of a log is in the suite of its port."""

from collections.abc import Iterator

import pytest

from syncore.protocol.ports import Head
from syncore.replica.segment_index import ConfirmedSegments
from syncore.replica.space_state import Head as SpaceHead
from syncore.storage.log_rows import LogRows
from tests.replica.memory_space import OURS, THEIRS, MemorySpace, open_memory_space

FIRST, SECOND = b"1" * 32, b"2" * 32


@pytest.fixture
def space() -> Iterator[MemorySpace]:
    """A space that holds two segments of another writer, which end at commits 3 and 5."""
    with open_memory_space() as space:
        log = LogRows(space.sql, space.state.number)
        log.add_segment(writer=THEIRS, first=1, last=3, hash_=FIRST, segment=b"", arrived_ms=7)
        log.add_segment(writer=THEIRS, first=4, last=5, hash_=SECOND, segment=b"", arrived_ms=7)
        space.state.heads[THEIRS] = SpaceHead(5, SECOND, {OURS: 9})
        yield space


def index_of(space: MemorySpace) -> ConfirmedSegments:
    """The index of the space as it is now."""
    return ConfirmedSegments(space.state, LogRows(space.sql, space.state.number))


def test_a_head_is_number_and_hash(space: MemorySpace) -> None:
    """The head of a writer is where its confirmed chain ends; who has sent nothing has none."""
    assert index_of(space).head(THEIRS) == Head(5, SECOND)
    assert index_of(space).head(OURS) is None


def test_hashes_stand_where_segments_end(space: MemorySpace) -> None:
    """A hash is found at the last commit of a segment, and at no commit before, between or behind."""
    hashes = {number: index_of(space).hash_at(THEIRS, number) for number in range(7)}
    assert {number: found for number, found in hashes.items() if found} == {3: FIRST, 5: SECOND}
    assert index_of(space).hash_at(OURS, 3) is None


def test_the_index_follows_the_space(space: MemorySpace) -> None:
    """A head that moves while a batch is merged shows at once, before its segment is stored."""
    index = index_of(space)
    space.state.heads[THEIRS] = SpaceHead(6, b"3" * 32)
    assert index.head(THEIRS) == Head(6, b"3" * 32)
    assert [index.hash_at(THEIRS, number) for number in (3, 5, 6)] == [FIRST, SECOND, b"3" * 32]
