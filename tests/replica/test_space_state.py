"""Tests of syncore.replica.space_state: numbers, and that what is loaded is what was stored."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.packing import pack
from syncore.core.errors import Malformed
from syncore.core.identifiers import CommitId, DeviceIndex, Dot, Incarnation, Writer, make_writer
from syncore.protocol.items import control_item, encode_item
from syncore.replica.space_state import (
    Head,
    SpaceState,
    decode_reach,
    encode_reach,
    load_space,
    load_spaces,
    start_incarnation,
    write_head,
)
from syncore.storage.log_rows import ClosedWriterRow, LogRows, SealedRow
from syncore.storage.pending_rows import PendingRow, PendingRows
from syncore.storage.space_rows import SpaceRow, SpaceRows
from tests.documents.worlds import KEY, writer
from tests.protocol.builders import Space
from tests.replica.memory_space import OURS, SHARED, THEIRS, MemorySpace, insertion, open_memory_space, update


@pytest.fixture
def space() -> Iterator[MemorySpace]:
    """A shared space in which nothing has happened."""
    with open_memory_space() as space:
        yield space


def loaded(space: MemorySpace) -> SpaceState:
    """The space as a restarted program finds it."""
    return load_spaces(space.sql, {}, {})[space.state.number]


def test_numbers_and_places_are_given_once() -> None:
    """Dots and places in the pending log each count from 1; only a place makes a commit pending."""
    state = SpaceState(row=SpaceRow(space=3, id=SHARED, is_default=False, writer=OURS))
    assert [state.take_dot() for _ in range(3)] == [Dot(OURS, 1), Dot(OURS, 2), Dot(OURS, 3)]
    assert (state.pending_count, state.pending_writers) == (0, set())
    assert [state.take_sequence() for _ in range(2)] == [1, 2]
    assert (state.pending_count, state.pending_writers) == (2, {OURS})
    assert (state.id, state.number, state.writer, state.is_private) == (SHARED, 3, OURS, False)


def test_the_vector_is_that_of_the_heads() -> None:
    """How far everybody is confirmed is told by the heads, whatever is pending or was promised by others."""
    state = SpaceState(row=SpaceRow(space=1, id=SHARED, is_default=True, writer=OURS), next_number=9)
    assert state.vector == {}
    state.heads = {THEIRS: Head(4, b"h" * 32, {writer(3): 7}), OURS: Head(2, b"g" * 32)}
    assert state.vector == {THEIRS: 4, OURS: 2}


def test_a_space_is_loaded_as_it_was_left(space: MemorySpace) -> None:
    """Heads with their reach, closed writers, sealed segments and what is pending come back from the file."""
    space.commit(insertion({"n": 1}))
    space.commit(update({"n": 2}))
    state, log = space.state, LogRows(space.sql, space.state.number)
    state.heads[THEIRS] = Head(4, b"h" * 32, {OURS: 1, writer(3): 7})
    write_head(space.sql, state, THEIRS)
    log.add_segment(writer=THEIRS, first=1, last=4, hash_=b"h" * 32, segment=b"", arrived_ms=1)
    state.closed[writer(5)] = ClosedWriterRow(writer(5), 2, "it names the future", b"evidence")
    log.close_writer(state.closed[writer(5)])
    state.sealed = [SealedRow(1, OURS, 1, 1, b"1" * 32, b"one"), SealedRow(2, OURS, 2, 2, b"2" * 32, b"two")]
    for sealed in reversed(state.sealed):
        log.add_sealed(sealed)
    found = loaded(space)
    assert found.control is not None
    assert replace(found, control=None) == replace(state, control=None)


def test_numbers_go_on_behind_what_is_pending_and_confirmed(space: MemorySpace) -> None:
    """The next number is behind our pending commits and our head; commits of our earlier lives take none."""
    assert (loaded(space).next_number, loaded(space).next_sequence) == (1, 1)
    write_head(space.sql, replace(space.state, heads={OURS: Head(7, b"h" * 32)}), OURS)
    assert (loaded(space).next_number, loaded(space).next_sequence) == (8, 1)
    earlier = writer(1, incarnation=6)
    pending = PendingRows(space.sql, space.state.number)
    for sequence, dot in ((4, Dot(OURS, 9)), (5, Dot(earlier, 80))):
        pending.append(PendingRow(sequence, dot, CommitId(bytes([sequence]) * 8), b""), [])
    found = loaded(space)
    assert (found.next_number, found.next_sequence) == (10, 6)
    assert (found.pending_count, found.pending_writers) == (2, {OURS, earlier})


def test_the_control_log_is_restored(space: MemorySpace) -> None:
    """A shared space comes with its membership as far as it was stored; a private space has none."""
    members = Space(devices=3)
    row = SpaceRow(space=2, id=members.id, is_default=False, writer=OURS)
    SpaceRows(space.sql).write(row)
    for record in members.controls:
        LogRows(space.sql, 2).add_control(record.record.seq, encode_item(control_item(record)))
    control = load_space(space.sql, row).control
    assert control is not None
    assert (control.head_seq, control.head_link) == (members.control.head_seq, members.control.head_link)
    assert dict(control.devices) == dict(members.control.devices)
    with open_memory_space(is_private=True) as private:
        assert (loaded(private).control, loaded(private).is_private) == (None, True)


def test_every_space_of_a_file_is_loaded_by_its_number(space: MemorySpace) -> None:
    """Spaces do not see each other's commits, and each is found under its local number."""
    space.commit(insertion())
    other = SpaceRow(space=7, id=Space(name="other").id, is_default=False, writer=THEIRS)
    SpaceRows(space.sql).write(other)
    found = load_spaces(space.sql, {}, {})
    assert {number: state.row for number, state in found.items()} == {1: space.state.row, 7: other}
    assert {number: state.pending_count for number, state in found.items()} == {1: 1, 7: 0}


@pytest.mark.parametrize("is_private", [False, True])
def test_a_new_incarnation_is_a_new_writer_of_the_same_device(*, is_private: bool) -> None:
    """Numbers start again under the new name, which the file knows; places in the pending log go on."""
    index = DeviceIndex(0 if is_private else 5)
    ours = make_writer(index, Incarnation(7))
    with open_memory_space(is_private=is_private, ours=ours) as space:
        space.commit(insertion())
        pending = space.state.pending_count
        sequence = space.state.next_sequence
        start_incarnation(space.state, space.sql, Incarnation(2**32 - 1))
        renamed = make_writer(index, Incarnation(2**32 - 1))
        assert space.state.take_dot() == Dot(renamed, 1)
        assert (space.state.next_sequence, space.state.pending_count) == (sequence, pending)
        assert (loaded(space).row, loaded(space).next_number) == (space.state.row, 1)
        assert space.work().rows.row_of(KEY) is not None


WRITERS = st.integers(0, 2**53 - 1).map(Writer)


@given(st.dictionaries(WRITERS, st.integers(0, 2**53)))
def test_a_reach_comes_back_and_has_one_encoding(reach: dict[Writer, int]) -> None:
    """A version vector is stored without loss, and the same bytes whatever its order."""
    assert decode_reach(encode_reach(reach)) == reach
    assert encode_reach(dict(reversed(reach.items()))) == encode_reach(reach)


@pytest.mark.parametrize(
    "structure", [5, [1], [[1]], [[1, 2, 3]], [["a", 1]], [[1, -1]], [[1, None]]], ids=repr
)
def test_what_is_no_reach_is_malformed(structure: list[object]) -> None:
    """Other structures, also well-formed ones, are refused when they are read."""
    with pytest.raises(Malformed):
        decode_reach(pack(structure))  # type: ignore[arg-type]
