"""What connections hand to the appender."""

import pytest

from relay.requests import ENVELOPE_BYTES
from syncore.protocol.control_payloads import NameRelay
from syncore.protocol.items import control_item, encode_item
from tests.protocol.builders import RELAY, Space


@pytest.mark.parametrize("seq", range(4), ids=["genesis", "relay", "invite", "accept"])
def test_the_envelope_covers_what_a_record_gains(seq: int) -> None:
    """Signatures, acceptance and frame of every type of record take no more than is counted for them."""
    space = Space(devices=2)
    accepted = space.controls[seq]
    stored = encode_item(control_item(accepted))
    assert len(stored) <= len(accepted.signed.record_bytes) + ENVELOPE_BYTES


def test_the_envelope_covers_the_largest_record() -> None:
    """What is counted for a record does not depend on its size."""
    space = Space()
    addresses = tuple(f"wss://{number}".ljust(255, "x") for number in range(8))
    accepted = space.accept(NameRelay(relay_key=RELAY.public, addresses=addresses))
    stored = encode_item(control_item(accepted))
    assert len(accepted.signed.record_bytes) > 2_000
    assert len(stored) <= len(accepted.signed.record_bytes) + ENVELOPE_BYTES
