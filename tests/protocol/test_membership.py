"""Tests of syncore.protocol.membership."""

import pytest

from syncore.core.identifiers import DeviceIndex
from syncore.protocol.control_payloads import Admit, Genesis, Invite, NameRelay, Payload, Role
from syncore.protocol.membership import Device, Invitation, Membership
from tests.protocol.builders import NOW_MS, fill, invite

GENESIS = Genesis(
    salt=fill("salt", 16),
    signing_key=fill("key 0"),
    box_key=fill("box 0"),
    principal=fill("principal 0", 16),
    commitment=fill("commitment"),
)


def admit(number: int, invitation: Invite) -> Admit:
    """What admits a device under an invitation."""
    return Admit(
        invitation_id=invitation.id,
        signing_key=fill(f"key {number}"),
        box_key=fill(f"box {number}"),
        principal=fill(f"principal {number}", 16),
    )


def folded(*payloads: Payload) -> Membership:
    """What records leave behind, each accepted a second after the one before."""
    membership = Membership()
    for seq, payload in enumerate((GENESIS, *payloads)):
        accepted_ms = NOW_MS + 1_000 * seq if seq else 0
        membership.apply(payload, author=0, seq=seq, accepted_ms=accepted_ms)
    return membership


def test_the_genesis_admits_its_device_as_owner() -> None:
    """Device 0 is the genesis's own, accepted at no time, and the first epoch has its commitment."""
    membership = folded()
    assert membership.devices == {
        DeviceIndex(0): Device(
            index=DeviceIndex(0),
            signing_key=GENESIS.signing_key,
            box_key=GENESIS.box_key,
            principal=GENESIS.principal,
            role=Role.OWNER,
            admitted_seq=0,
            accepted_ms=0,
        )
    }
    assert membership.index_by_signing_key == {GENESIS.signing_key: 0}
    assert (membership.box_keys, membership.principals) == ({GENESIS.box_key}, {GENESIS.principal})
    assert membership.commitments == {1: GENESIS.commitment}
    assert membership.relay_key is None


def test_devices_are_numbered_in_the_order_of_their_admission() -> None:
    """Each accept record admits the next index, with the invitation's role and its own record and time."""
    invitation = invite("two", role=Role.READER, uses=2)
    other = invite("admin", role=Role.ADMIN)
    membership = folded(invitation, admit(1, invitation), other, admit(2, other), admit(3, invitation))
    assert [
        (device.index, device.role, device.admitted_seq, device.accepted_ms - NOW_MS)
        for device in list(membership.devices.values())[1:]
    ] == [(1, Role.READER, 2, 2_000), (2, Role.ADMIN, 4, 4_000), (3, Role.READER, 5, 5_000)]
    assert membership.index_by_signing_key == {fill(f"key {number}"): number for number in range(4)}
    assert membership.box_keys == {fill(f"box {number}") for number in range(4)}
    assert membership.principals == {fill(f"principal {number}", 16) for number in range(4)}


def test_uses_are_counted_for_each_invitation() -> None:
    """An invitation is used up with its last use, and not by those of another one."""
    invitation, other = invite("two", uses=2), invite("one")
    membership = folded(invitation, other)
    membership.apply(admit(1, invitation), author=0, seq=3, accepted_ms=NOW_MS)
    assert membership.invitations[invitation.id] == Invitation(
        invite=invitation, author=DeviceIndex(0), used=1
    )
    assert not membership.invitations[invitation.id].is_used_up
    membership.apply(admit(2, invitation), author=0, seq=4, accepted_ms=NOW_MS)
    assert membership.invitations[invitation.id].is_used_up
    assert not membership.invitations[other.id].is_used_up


def test_an_invitation_keeps_its_author_when_it_is_used() -> None:
    """Who invited is known as long as the invitation is, also after a device accepted it."""
    invitation = invite("by another", uses=2)
    membership = folded()
    membership.apply(invitation, author=3, seq=1, accepted_ms=NOW_MS)
    membership.apply(admit(1, invitation), author=2**32 - 1, seq=2, accepted_ms=NOW_MS)
    assert membership.invitations[invitation.id].author == 3


@pytest.mark.parametrize("principal", [None, fill("reserved", 16)], ids=["any", "one"])
def test_an_invitation_takes_its_key_and_the_principal_that_it_names(principal: bytes | None) -> None:
    """A principal is taken as soon as an invitation reserves it; "any" is nobody's name."""
    invitation = invite("key") if principal is None else invite("key", principal=principal)
    membership = folded(invitation)
    assert membership.invitation_keys == {invitation.signing_key}
    assert membership.principals == {GENESIS.principal} | ({principal} if principal else set())


def test_the_relay_named_last_counts() -> None:
    """A later relay record takes the place of an earlier one, addresses included."""
    membership = folded(
        NameRelay(relay_key=fill("first"), addresses=("ws://a", "ws://b")),
        NameRelay(relay_key=fill("second"), addresses=("ws://c",)),
    )
    assert (membership.relay_key, membership.relay_addresses) == (fill("second"), ("ws://c",))


def test_a_copy_goes_its_own_way() -> None:
    """A copy is equal, and nothing that either of the two takes in afterwards shows in the other one."""
    invitation, later = invite("before", uses=2), invite("after", principal=fill("reserved", 16))
    relay = NameRelay(relay_key=fill("first"), addresses=("ws://a",))
    membership, unchanged = folded(relay, invitation), folded(relay, invitation)
    twin = membership.copy()
    assert twin == membership
    for payload in (later, admit(1, invitation), NameRelay(relay_key=fill("second"), addresses=("ws://b",))):
        twin.apply(payload, author=0, seq=3, accepted_ms=NOW_MS)
    twin.commitments[2] = fill("another epoch")
    assert membership == unchanged
    assert twin.relay_key == fill("second")
    assert len(twin.devices) == 2
