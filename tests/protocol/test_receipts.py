"""Tests of syncore.protocol.receipts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import CryptoError, Malformed
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import SpaceId
from syncore.crypto.signing import verify
from syncore.protocol.control_payloads import MAX_TIME_MS
from syncore.protocol.control_records import MAX_OFFSET
from syncore.protocol.receipts import (
    RECEIPT_BYTES,
    Receipt,
    decode_receipt,
    encode_receipt,
    extend_log,
    make_generation,
    sign_receipt,
    start_of_log,
    verify_receipt,
)
from tests.protocol.builders import GENERATION, NOW_MS, RELAY, device_key, fill, mutations
from tests.protocol.fuzzing import check_canonical, check_every_byte

RECEIPT = Receipt(
    space=SpaceId(fill("space")),
    generation=GENERATION,
    offset=12,
    running_hash=fill("R"),
    control_seq=3,
    control_hash=fill("link"),
    time_ms=NOW_MS,
)
SIGNED = sign_receipt(RECEIPT, signer=RELAY)


def test_receipts_come_back() -> None:
    """A receipt has 196 bytes, decodes to what was signed, and holds under the relay's key."""
    encoded = encode_receipt(SIGNED)
    assert len(encoded) == RECEIPT_BYTES == 196
    assert decode_receipt(encoded) == SIGNED
    assert verify_receipt(SIGNED, relay_key=RELAY.public, verify=verify) == RECEIPT
    check_every_byte(decode_receipt, encoded)


@pytest.mark.parametrize(
    "changes",
    [
        {"space": bytes(32)},
        {"generation": bytes(16)},
        {"offset": 13},
        {"running_hash": bytes(32)},
        {"control_seq": 4},
        {"control_hash": bytes(32)},
        {"time_ms": 0},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_receipt_says_nothing_else(changes: dict[str, object]) -> None:
    """No field of a receipt can be changed under its signature."""
    changed = replace(SIGNED, receipt=replace(RECEIPT, **changes))  # type: ignore[arg-type]
    with pytest.raises(CryptoError):
        verify_receipt(changed, relay_key=RELAY.public, verify=verify)


def test_only_the_relay_gives_receipts() -> None:
    """A receipt signed by somebody else does not hold."""
    with pytest.raises(CryptoError):
        verify_receipt(SIGNED, relay_key=device_key(0).public, verify=verify)


@given(st.one_of(st.binary(min_size=190, max_size=200), mutations(encode_receipt(SIGNED))))
def test_any_bytes_are_a_receipt_or_malformed(data: bytes) -> None:
    """Decoding arbitrary or damaged bytes gives a receipt in its one encoding, or a RemoteError."""
    check_canonical(decode_receipt, encode_receipt, data)


@pytest.mark.parametrize("changes", [{"offset": MAX_OFFSET + 1}, {"time_ms": MAX_TIME_MS}])
def test_receipts_out_of_range_are_malformed(changes: dict[str, int]) -> None:
    """Numbers that no store could keep are refused when a receipt is read."""
    with pytest.raises(Malformed):
        decode_receipt(encode_receipt(replace(SIGNED, receipt=replace(RECEIPT, **changes))))  # type: ignore[arg-type]


def test_the_running_hash_is_the_specified_one() -> None:
    """R_0 takes in space and generation, each further R the one before it, the offset and the item's hash."""
    space = SpaceId(fill("space"))
    first = start_of_log(space, GENERATION)
    assert first == hash_parts("log", space, GENERATION)
    assert extend_log(first, 1, fill("item")) == hash_parts(
        "log", first, (1).to_bytes(8, "big"), fill("item")
    )


def test_a_generation_begins_with_its_time() -> None:
    """Generations sort by the time at which they began."""
    assert make_generation(1, bytes(8)) == bytes(7) + b"\x01" + bytes(8)
    assert make_generation(NOW_MS, b"\xff" * 8) < make_generation(NOW_MS + 1, bytes(8))
