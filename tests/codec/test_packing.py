"""Packing: one encoding for each structure, and no other is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.packing import Packed, pack, unpack
from syncore.core.errors import Malformed

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
)
structures = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=12)


@given(structures)
def test_structures_round_trip(structure: Packed) -> None:
    """What was packed comes back, sequences as tuples."""
    data = pack(structure)
    assert unpack(data, what="it", max_bytes=len(data)) == structure


@given(st.binary(max_size=60))
def test_bytes_are_a_structure_or_malformed(data: bytes) -> None:
    """Whatever the bytes, they are the one encoding of a structure or raise Malformed."""
    try:
        structure = unpack(data, what="it", max_bytes=60)
    except Malformed:
        return
    assert pack(structure) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x01\x01",
        b"\xcc\x01",
        b"\xcd\x00\xff",
        b"\xd0\x01",
        b"\xd9\x01a",
        b"\xc5\x00\x01a",
        b"\xdc\x00\x01\x01",
        b"\xdd\x00\x00\x00\x01\x01",
        b"\xca\x00\x00\x00\x00",
        b"\xa1\xff",
        b"\x80",
        b"\x81\xa1a\x01",
        b"\xd4\x01\x00",
        b"\x91",
        b"\xdd\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
    ],
    ids=bytes.hex,
)
def test_other_encodings_are_refused(data: bytes) -> None:
    """Overlong numbers and lengths, maps, extensions, bad UTF-8, cut-off and trailing bytes are Malformed."""
    with pytest.raises(Malformed):
        unpack(data, what="it", max_bytes=100)


def test_long_input_is_refused_unread() -> None:
    """The bound comes before the first byte is looked at."""
    with pytest.raises(Malformed, match="11 bytes long; 10 are allowed"):
        unpack(b"\xc1" * 11, what="it", max_bytes=10)


def test_deep_nesting_is_malformed() -> None:
    """A thousand arrays in each other are an error, not a crash."""
    with pytest.raises(Malformed):
        unpack(b"\x91" * 2_000 + b"\x01", what="it", max_bytes=10_000)


@pytest.mark.parametrize(
    "encoded", ["d6ff00000001", "91d6ff00000001", "d7ff0000000000000001", "c70cff" + "ff" * 12]
)
def test_timestamps_are_no_part_of_formats(encoded: str) -> None:
    """Msgpack's own timestamp extension is refused, alone and inside an array."""
    with pytest.raises(Malformed):
        unpack(bytes.fromhex(encoded), what="a structure", max_bytes=100)
