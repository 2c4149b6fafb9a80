"""A file between its syncs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.disk.stored_file import Change, StoredFile, Truncation, Write, apply, stored

CHANGES = st.lists(
    st.builds(Write, st.integers(0, 3000), st.binary(max_size=1500))
    | st.builds(Truncation, st.integers(0, 3000))
)


@given(CHANGES, st.integers(0, 30))
def test_changes_lead_from_what_was_synced_to_what_is_read(changes: list[Change], synced: int) -> None:
    """At any time what was synced, with the later changes on top, is what programs read; a sync ends that."""
    file = StoredFile()
    for position, change in enumerate(changes):
        if position == synced:
            file.sync()
            assert file.synced == file.content
        file.change(change)
    reached = bytearray(file.synced)
    for change in file.unsynced:
        apply(reached, change)
    assert reached == file.content
    file.sync()
    assert file.synced == file.content
    assert not file.unsynced


def test_a_write_beyond_the_end_leaves_zeros() -> None:
    """What lies between the end and a later write reads as zeros, and so does an extension."""
    file = stored(b"ab")
    file.change(Write(4, b"e"))
    file.change(Truncation(6))
    assert file.content == b"ab\0\0e\0"
    file.change(Truncation(1))
    assert file.content == b"a"
    assert file.synced == b"ab"


def test_a_copy_lives_on_its_own() -> None:
    """What happens to a file or to its copy does not happen to the other one."""
    file = stored(b"abc")
    file.change(Write(0, b"x"))
    twin = file.copy()
    file.change(Write(1, b"y"))
    twin.sync()
    assert (bytes(file.content), bytes(file.synced)) == (b"xyc", b"abc")
    assert (bytes(twin.content), bytes(twin.synced)) == (b"xbc", b"xbc")


def test_what_failed_to_sync_is_read_but_never_stored() -> None:
    """After a failed sync programs go on reading what was written, and a later sync succeeds without it."""
    file = stored(b"abc")
    file.change(Write(0, b"x"))
    file.fail_to_sync()
    file.change(Write(2, b"z"))
    file.sync()
    assert (bytes(file.content), bytes(file.synced)) == (b"xbz", b"abz")


@pytest.mark.parametrize("bit", range(24))
def test_a_flipped_bit_is_the_one_that_was_meant(bit: int) -> None:
    """Exactly one bit differs, in what is read and in what is stored; flipping it again mends it."""
    file = stored(bytes(3))
    file.flip(bit)
    assert int.from_bytes(file.content, "little") == int.from_bytes(file.synced, "little") == 1 << bit
    file.flip(bit)
    assert file.content == file.synced == bytes(3)


def test_a_file_whose_power_never_fails_keeps_one_content() -> None:
    """What was written is there at once; nothing is kept for a power cut, also in a copy."""
    file = stored(b"before", is_safe=True)
    file.change(Write(0, b"after."))
    for one in (file, file.copy()):
        assert (bytes(one.content), bytes(one.synced), one.unsynced) == (b"after.", b"", [])
