"""Tests of syncore.protocol.frame_fields."""

from collections.abc import Callable

import pytest

from syncore.codec.packing import Unpacked
from syncore.core.errors import Malformed
from syncore.protocol.frame_fields import (
    as_code,
    as_control_item,
    as_cursor,
    as_generation,
    as_hash,
    as_key,
    as_receipt,
    as_request_id,
    as_signature,
    as_space,
)
from syncore.protocol.items import control_item, item_structure
from syncore.protocol.receipts import Cursor
from syncore.protocol.refusal_codes import FaultCode, RefusalCode
from tests.protocol.builders import Space

SIZES: list[tuple[Callable[[Unpacked], bytes], int]] = [
    (as_space, 32),
    (as_hash, 32),
    (as_key, 32),
    (as_generation, 16),
    (as_signature, 64),
    (as_receipt, 196),
]


@pytest.mark.parametrize(("read", "size"), SIZES)
def test_names_keys_and_signatures_have_one_size(read: Callable[[Unpacked], bytes], size: int) -> None:
    """Bytes of the right size are taken; one more, one less, or another type are not."""
    assert read(bytes(size)) == bytes(size)
    for wrong in (bytes(size - 1), bytes(size + 1), "x" * size, None, 7):
        with pytest.raises(Malformed):
            read(wrong)


def test_a_receipt_may_be_missing() -> None:
    """No receipt is an empty one."""
    assert as_receipt(b"") == b""


def test_request_ids_have_32_bits_and_begin_at_1() -> None:
    """Zero, negative numbers, more bits and booleans are no request ids."""
    assert (as_request_id(1), as_request_id(2**32 - 1)) == (1, 2**32 - 1)
    for wrong in (0, -1, 2**32, True, b"1"):
        with pytest.raises(Malformed):
            as_request_id(wrong)


def test_codes_are_those_of_their_kind() -> None:
    """A code is read as the kind that is asked for; one of the other kind alone is unknown."""
    assert as_code(RefusalCode, "fork") is RefusalCode.FORK
    assert as_code(FaultCode, "timeout") is FaultCode.TIMEOUT
    for kind, wrong in ((FaultCode, "fork"), (RefusalCode, "timeout"), (RefusalCode, b"fork")):
        with pytest.raises(Malformed):
            as_code(kind, wrong)  # type: ignore[type-var]  # one of the two each time


def test_cursors_and_control_records() -> None:
    """A cursor is nil or three fields; only a control record is a control record."""
    assert as_cursor(None) is None
    cursor = Cursor(generation=bytes(16), offset=5, running_hash=bytes(32))
    assert as_cursor((bytes(16), 5, bytes(32))) == cursor
    with pytest.raises(Malformed):
        as_cursor((bytes(16), 5))
    item = control_item(Space().controls[1])
    structure = item_structure(item)
    assert isinstance(structure, list)
    as_tuples = tuple(tuple(part) if isinstance(part, list) else part for part in structure)
    assert as_control_item(as_tuples) == item
    with pytest.raises(Malformed):
        as_control_item((3, bytes(32)))
