"""One packer for many structures: as msgpack packs them, whatever came before."""

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.packers import MAX_KEPT_BYTES, ReusedPacker


@given(st.lists(st.one_of(st.integers(-(2**63), 2**64 - 1), st.text(), st.binary(), st.booleans())))
def test_a_packer_that_is_used_again_packs_the_same(structures: list[object]) -> None:
    """Nothing of a structure is left in the next one."""
    packer = ReusedPacker()
    assert [packer.pack(one) for one in structures] == [msgpack.packb(one) for one in structures]


@pytest.mark.parametrize("unfit", [2**64, object(), [1, {"a": 2**70}]])
def test_what_cannot_be_packed_leaves_nothing_behind(unfit: object) -> None:
    """After a refusal half way, the next structure is packed alone."""
    packer = ReusedPacker()
    with pytest.raises((OverflowError, TypeError)):
        packer.pack([b"before", unfit])
    assert packer.pack([1]) == b"\x91\x01"


def test_after_a_large_structure_packing_goes_on() -> None:
    """A large structure takes its packer along, whose buffer it has filled; the next ones come out right."""
    packer = ReusedPacker()
    large = bytes(MAX_KEPT_BYTES)
    assert packer.pack(large) == msgpack.packb(large)
    assert packer.pack([1]) == b"\x91\x01"
