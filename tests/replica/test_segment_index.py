"""Tests of syncore.replica.segment_index; what every index says of a log is in the suite of its port."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncore.core.errors import IntegrityError
from syncore.core.ports import Durability, SqlConnection
from syncore.protocol.ports import Head
from syncore.replica.segment_index import ConfirmedSegments, check_what_it_builds_on
from syncore.replica.space_state import Head as SpaceHead
from syncore.storage.log_rows import LogRows
from tests.replica.memory_space import OURS, THEIRS, MemorySpace, open_memory_space
from tests.replica.world import make_world

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


async def test_damage_of_the_file_is_not_held_against_a_segment(tmp_path: Path) -> None:
    """Rows that are hidden, changed or moved are told as damage; whole ones, and what nobody has, are not."""
    relay, (author, reader) = make_world(tmp_path, "index", 2)
    await author.open()
    await reader.open()
    for number in range(2):
        await author.collection("notes").insert({"n": number})
        await author.exchange()
    await reader.pull()
    await author.collection("notes").insert({"n": 2})
    await author.exchange()
    *_, second, third = relay.segments
    writer = third.header.writer

    def check(sql: SqlConnection) -> None:
        check_what_it_builds_on(third, reader.state, LogRows(sql, reader.number))

    def damaged(statement: str) -> Callable[[SqlConnection], None]:
        def work(sql: SqlConnection) -> None:
            assert sql.execute(statement) == 1
            check(sql)  # raises, so nothing of it is kept

        return work

    await reader.local.read(check)
    for statement in (
        "DELETE FROM segments WHERE last = 2",
        "UPDATE segments SET hash = x'00' WHERE last = 2",
        "UPDATE segments SET writer = 7 WHERE last = 2",
        "UPDATE segments SET segment = (SELECT segment FROM segments WHERE last = 1) WHERE last = 2",
    ):
        with pytest.raises(IntegrityError, match="up to commit 2 is damaged"):
            await reader.local.database.write(damaged(statement), Durability.NORMAL)
    head = reader.state.heads.pop(writer)
    with pytest.raises(IntegrityError, match="up to commit 2 is damaged"):
        await reader.local.read(check)
    reader.state.heads[writer] = SpaceHead(2, b"0" * 32)
    with pytest.raises(IntegrityError, match="up to commit 2 is damaged"):
        await reader.local.read(check)
    reader.state.heads[writer] = head
    assert head == SpaceHead(2, second.hash, head.reach)
    await reader.local.read(check)
    await author.close()
    await reader.close()
