"""Tests of syncore.protocol.handshake."""

from dataclasses import replace

import pytest

from syncore.core.errors import ConnectionFailed, ProtocolViolation, UnsupportedVersion, WrongRelay
from syncore.core.limits import HANDSHAKE_TIMEOUT_MS
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.handshake import (
    DeviceHandshake,
    RelayHandshake,
    check_device_deadline,
    check_relay_deadline,
    redeem_hash,
)
from syncore.protocol.messages import SessionLimits
from syncore.protocol.refusal_codes import FaultCode
from tests.protocol.builders import RELAY, device_key, fill

DEVICE = device_key(0)
LIMITS = SessionLimits(requests=5)


def device(relay_key: bytes | None = None, *, token: bytes = b"", nonce: str = "device") -> DeviceHandshake:
    """A device's end."""
    return DeviceHandshake(
        signer=DEVICE, nonce=fill(nonce), token=token, expected_relay_key=relay_key, verify=verify
    )


def relay(*, nonce: str = "relay", signer: SigningKey = RELAY, token: bytes = b"") -> RelayHandshake:
    """A relay's end, which asks for a token."""
    return RelayHandshake(
        signer=signer,
        nonce=fill(nonce),
        limits=LIMITS,
        verify=verify,
        admits=lambda _key, offered: offered == token,
    )


@pytest.mark.parametrize("pinned", [RELAY.public, None], ids=["pinned", "first contact"])
def test_both_ends_learn_a_key_that_was_proven(pinned: bytes | None) -> None:
    """After three frames each end knows the other's key, the transcript and the limits."""
    one, other = device(pinned), relay()
    one.finish(other.welcome(one.identify(other.hello)))
    assert one.relay_key == RELAY.public
    assert other.device_key == DEVICE.public
    assert one.transcript == other.transcript
    assert one.limits == LIMITS


def test_a_pinned_device_talks_to_no_other_relay() -> None:
    """A relay that presents another key gets no proof from the device."""
    with pytest.raises(WrongRelay):
        device(RELAY.public).identify(relay(signer=device_key(9)).hello)


def test_a_relay_proves_the_key_that_it_presents() -> None:
    """Whoever repeats another relay's hello cannot finish the handshake."""
    one, impostor = device(RELAY.public), relay(signer=device_key(9))
    identify = one.identify(relay().hello)
    impostor.hello = relay().hello
    with pytest.raises(WrongRelay):
        one.finish(impostor.welcome(identify))


def test_the_limits_are_part_of_the_proof() -> None:
    """Nobody in the middle changes what the relay promised."""
    one, other = device(), relay()
    welcome = other.welcome(one.identify(other.hello))
    with pytest.raises(WrongRelay):
        one.finish(replace(welcome, limits=SessionLimits(requests=1)))


def test_a_proof_is_good_for_one_connection() -> None:
    """A device's proof does not hold under another nonce or at another relay."""
    identify = device().identify(relay().hello)
    for elsewhere in (relay(nonce="another"), relay(signer=device_key(9))):
        with pytest.raises(ProtocolViolation) as caught:
            elsewhere.welcome(identify)
        assert caught.value.details["fault"] is FaultCode.UNAUTHENTICATED


@pytest.mark.parametrize("field", ["device_key", "nonce", "token", "signature"])
def test_no_part_of_a_proof_can_be_changed(field: str) -> None:
    """Key, nonce and token are covered by the device's signature."""
    other = relay()
    identify = device(token=b"secret").identify(other.hello)
    changed = replace(identify, **{field: bytes(64 if field == "signature" else 32)})
    with pytest.raises(ProtocolViolation):
        other.welcome(changed)


def test_the_relays_policy_decides_last() -> None:
    """A device with the wrong token is turned away only after it proved its key."""
    other = relay(token=b"right")
    with pytest.raises(ProtocolViolation) as caught:
        other.welcome(device(token=b"wrong").identify(other.hello))
    assert caught.value.details["fault"] is FaultCode.NOT_ADMITTED
    assert other.device_key == b""
    other.welcome(device(token=b"right").identify(other.hello))


def test_another_version_is_told_apart() -> None:
    """A relay of a later version is no wrong relay."""
    with pytest.raises(UnsupportedVersion):
        device().identify(replace(relay().hello, version=2))


def test_a_redemption_is_good_for_one_connection() -> None:
    """What an invitation's key signs differs with transcript and invitation."""
    hashes = {redeem_hash(fill(one), fill(other, 16)) for one in "ab" for other in "ab"}
    assert len(hashes) == 4


def test_patience_ends_at_the_deadline() -> None:
    """One millisecond before the deadline both ends still wait."""
    check_device_deadline(100, 100 + HANDSHAKE_TIMEOUT_MS - 1)
    check_relay_deadline(100, 100 + HANDSHAKE_TIMEOUT_MS - 1)
    with pytest.raises(ConnectionFailed):
        check_device_deadline(100, 100 + HANDSHAKE_TIMEOUT_MS)
    with pytest.raises(ProtocolViolation):
        check_relay_deadline(100, 100 + HANDSHAKE_TIMEOUT_MS)
