"""Tests of syncore.protocol.items."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.packing import Packed, pack
from syncore.core.errors import Malformed
from syncore.core.limits import MAX_SEGMENT_BYTES
from syncore.protocol.control_records import SignedRecord
from syncore.protocol.items import (
    ControlItem,
    Item,
    SegmentItem,
    StubItem,
    control_item,
    decode_item,
    encode_item,
    read_accepted,
    read_control,
    read_segment,
    segment_item,
)
from tests.protocol.builders import Space, fill, mutations
from tests.protocol.fuzzing import check_canonical, check_every_byte

SPACE = Space(devices=2)
SEGMENT = SPACE.segment(0)
GENESIS, RELAY_RECORD = SPACE.controls[0], SPACE.controls[1]
ITEMS: list[Item] = [
    segment_item(SEGMENT),
    control_item(GENESIS),
    control_item(SPACE.controls[3]),
    control_item(SPACE.controls[3].signed),
    StubItem(hash=fill("stub")),
]


@pytest.mark.parametrize("item", ITEMS)
def test_items_come_back(item: Item) -> None:
    """Every kind of item decodes to what was encoded, and every byte of it is read."""
    assert decode_item(encode_item(item)) == item
    check_every_byte(decode_item, encode_item(item), most_positions=150)


@given(st.one_of(st.binary(max_size=200), *(mutations(encode_item(item)) for item in ITEMS)))
def test_any_bytes_are_an_item_or_malformed(data: bytes) -> None:
    """Decoding arbitrary or damaged bytes gives an item in its one encoding, or a RemoteError."""
    check_canonical(decode_item, encode_item, data)


def test_what_is_inside_comes_back() -> None:
    """A segment and records with and without acceptance are read from their items as they were."""
    item = segment_item(SEGMENT)
    assert read_segment(item) == SEGMENT
    assert [read_accepted(control_item(accepted)) for accepted in SPACE.controls] == SPACE.controls
    offered = read_control(control_item(RELAY_RECORD.signed))
    assert isinstance(offered, SignedRecord)
    assert offered == RELAY_RECORD.signed


def test_a_log_holds_accepted_records_only() -> None:
    """A record without acceptance is none of a log's; a genesis needs none and has none."""
    with pytest.raises(Malformed):
        read_accepted(control_item(RELAY_RECORD.signed))
    accepted = control_item(RELAY_RECORD)
    signed = GENESIS.signed
    for acceptance, signature in ((accepted.acceptance, bytes(64)), (b"", bytes(64))):
        with pytest.raises(Malformed):
            read_control(
                ControlItem(
                    record=signed.record_bytes,
                    signatures=signed.signatures,
                    acceptance=acceptance,
                    acceptance_signature=signature,
                )
            )


@pytest.mark.parametrize(
    "changes", [{"acceptance": b""}, {"acceptance_signature": b""}, {"acceptance_signature": bytes(63)}]
)
def test_an_acceptance_comes_with_its_signature(changes: dict[str, bytes]) -> None:
    """Half an acceptance is malformed."""
    whole = control_item(RELAY_RECORD)
    parts = {"acceptance": whole.acceptance, "acceptance_signature": whole.acceptance_signature, **changes}
    with pytest.raises(Malformed):
        read_control(ControlItem(record=whole.record, signatures=whole.signatures, **parts))


BAD_ITEMS: list[Packed] = [
    [],
    [0, b"", bytes(64)],
    [4, bytes(32)],
    [1, b"", bytes(63)],
    [1, b"", bytes(64), b""],
    [1, bytes(MAX_SEGMENT_BYTES + 1), bytes(64)],
    [2, b"", [bytes(64)] * 3, b"", b""],
    [2, b"", [], b""],
    [3, bytes(31)],
    ["3", bytes(32)],
]


@pytest.mark.parametrize("structure", BAD_ITEMS, ids=range(len(BAD_ITEMS)))
def test_other_shapes_are_malformed(structure: Packed) -> None:
    """Kinds and sizes that no item has are refused."""
    with pytest.raises(Malformed):
        decode_item(pack(structure))


def test_a_segment_item_does_not_encode_anew() -> None:
    """The bytes that the author signed are the bytes that travel."""
    item = segment_item(SEGMENT)
    assert isinstance(item, SegmentItem)
    assert item.content == SEGMENT.header_bytes + SEGMENT.body
