"""Tests of syncore.protocol.control_log, with the rules and the membership below it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from syncore.core.errors import InvalidRecord
from syncore.core.identifiers import DeviceIndex, SpaceId, Writer
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_payloads import Invite, NameRelay, Role
from syncore.protocol.control_records import (
    Acceptance,
    AcceptedRecord,
    EndedWriter,
    accept_record,
    accepted_genesis,
    sign_record,
)
from syncore.protocol.refusal_codes import RefusalCode
from tests.protocol.builders import (
    CONTENT_KEY,
    GENERATION,
    NOW_MS,
    RELAY,
    Space,
    device_key,
    fill,
    invitation_key,
    invite,
)

OTHER_RELAY = SigningKey(bytes([201]) * 32)


def refused(space: Space, accepted: AcceptedRecord) -> str:
    """The code with which a record is refused, after making sure that nothing changed."""
    before = describe(space.control)
    with pytest.raises(InvalidRecord) as caught:
        space.control.append(accepted, verify=verify)
    assert describe(space.control) == before
    return str(caught.value.details.get("code"))


def describe(log: ControlLog) -> list[object]:
    """Everything that can be asked of a control log."""
    return [
        log.head_seq,
        log.head_link,
        dict(log.devices),
        dict(log.invitations),
        log.relay_key,
        log.relay_addresses,
        log.epoch,
        [log.link_at(seq) for seq in range(log.head_seq + 2)],
        [log.hash_at(seq) for seq in range(log.head_seq + 2)],
    ]


def test_members_get_indexes_in_the_order_of_their_admission() -> None:
    """The genesis admits device 0 as owner, each accept record the next one with its invitation's role."""
    space = Space()
    assert space.admit(1, Role.ADMIN) == 1
    assert space.admit(2, Role.READER, inviter=1) == 2
    log = space.control
    assert [log.role(DeviceIndex(index)) for index in range(4)] == [Role.OWNER, Role.ADMIN, Role.READER, None]
    assert log.index_of(device_key(2).public) == 2
    assert log.index_of(device_key(3).public) is None
    assert log.devices[DeviceIndex(0)].accepted_ms == 0
    assert log.devices[DeviceIndex(2)].accepted_ms == NOW_MS


def test_the_log_answers_for_its_past() -> None:
    """Roles, links and epochs are known as of every record, and for none beyond the head."""
    space = Space(devices=2)
    log = space.control
    assert log.head_seq == 3
    assert [log.can_write_at(DeviceIndex(1), seq) for seq in range(-1, 5)] == [
        False,
        False,
        False,
        False,
        True,
        False,
    ]
    assert [log.role_at(DeviceIndex(0), seq) for seq in (-1, 0, 4)] == [None, Role.OWNER, None]
    assert [log.epoch_at(seq) for seq in (-1, 0, 3, 4)] == [None, 1, 1, None]
    assert [log.link_at(seq) for seq in range(4)] == [accepted.link for accepted in space.controls]
    assert [log.hash_at(seq) for seq in range(4)] == [accepted.signed.hash for accepted in space.controls]
    assert log.link_at(-1) is None
    assert log.link_at(4) is None
    assert log.commitment(1) == CONTENT_KEY.commitment(bytes(32), 1)
    assert log.commitment(2) is None


def test_readers_have_no_right_to_write() -> None:
    """A reader is a member and no writer."""
    space = Space()
    reader = space.admit(1, Role.READER)
    assert not space.control.can_write_at(reader, space.control.head_seq)


def test_a_copy_takes_a_record_without_the_original() -> None:
    """What is appended to a copy does not show in the log that it was copied from."""
    space = Space()
    before = describe(space.control)
    twin = space.control.copy()
    signed = sign_record(space.record(invite("tried")), device_key(0))
    twin.append(space.acceptance(signed), verify=verify)
    assert describe(space.control) == before
    assert twin.head_seq == space.control.head_seq + 1
    invitation = invite("open")
    space.accept(invitation)
    joining = space.acceptance(space.admission(1, invitation))
    before = describe(space.control)
    space.control.copy().append(joining, verify=verify)
    assert describe(space.control) == before
    assert space.control.index_of(device_key(1).public) is None
    space.take_record(joining)


def test_restoring_gives_the_same_log() -> None:
    """Records that were appended before fold to the same state without their signatures being verified."""
    space = Space(devices=3)
    restored = ControlLog(space.id)
    for accepted in space.controls:
        restored.restore(accepted)
    assert describe(restored) == describe(space.control)
    with pytest.raises(InvalidRecord):
        restored.restore(space.controls[-1])


def test_a_log_begins_with_the_genesis_of_its_space() -> None:
    """Neither another space's genesis nor any other record can come first, and no genesis second."""
    space, other = Space(), Space(name="other")
    with pytest.raises(InvalidRecord):
        ControlLog(SpaceId(bytes(32))).append(space.genesis, verify=verify)
    with pytest.raises(InvalidRecord):
        ControlLog(space.id).append(other.genesis, verify=verify)
    with pytest.raises(InvalidRecord):
        ControlLog(space.id).append(space.relay_record, verify=verify)
    assert refused(space, space.genesis) == RefusalCode.CONFLICT.value


def test_nothing_counts_before_a_relay_is_named() -> None:
    """The record behind the genesis names the relay."""
    space = Space()
    log = ControlLog(space.id)
    log.append(space.genesis, verify=verify)
    record = replace(space.record(invite("early"), seq=1), prev=space.genesis.link)
    with pytest.raises(InvalidRecord, match="no relay"):
        log.append(space.acceptance(sign_record(record, device_key(0))), verify=verify)


def test_a_record_has_its_place() -> None:
    """A record with another number or predecessor is a conflict, not an invalidity of its author."""
    space = Space()
    record = space.record(invite("placed"))
    for moved in (
        replace(record, seq=record.seq + 1),
        replace(record, seq=1),
        replace(record, prev=bytes(32)),
    ):
        accepted = space.acceptance(sign_record(moved, device_key(0)))
        assert refused(space, accepted) == RefusalCode.CONFLICT.value


def test_a_record_of_another_space_is_refused() -> None:
    """A record names its space, so it cannot be carried into another one."""
    space = Space()
    record = replace(space.record(invite("astray")), space=SpaceId(fill("elsewhere")))
    accepted = space.acceptance(sign_record(record, device_key(0)))
    assert refused(space, accepted) == RefusalCode.MALFORMED.value


def test_records_count_only_when_the_named_relay_accepted_them() -> None:
    """An acceptance by another key, or one that ends writers without a removal, is refused."""
    space = Space()
    signed = sign_record(space.record(invite("accepted")), device_key(0))
    refused(space, space.acceptance(signed, relay=OTHER_RELAY))
    ended = (EndedWriter(writer=Writer(1), number=1, hash=bytes(32)),)
    acceptance = Acceptance(generation=GENERATION, offset=3, time_ms=NOW_MS, ended=ended)
    refused(space, accept_record(signed, acceptance, signer=RELAY))
    space.control.append(space.acceptance(signed), verify=verify)


def test_a_relay_record_is_accepted_by_the_relay_that_it_names() -> None:
    """Moving needs the new relay's signature; from then on the old one's acceptances count no more."""
    space = Space()
    moving = sign_record(
        space.record(NameRelay(relay_key=OTHER_RELAY.public, addresses=("wss://new", "wss://spare"))),
        device_key(0),
    )
    refused(space, space.acceptance(moving, relay=RELAY))
    space.take_record(space.acceptance(moving, relay=OTHER_RELAY))
    assert space.control.relay_key == OTHER_RELAY.public
    assert space.control.relay_addresses == ("wss://new", "wss://spare")
    invited = sign_record(space.record(invite("after")), device_key(0))
    refused(space, space.acceptance(invited, relay=RELAY))
    space.take_record(space.acceptance(invited, relay=OTHER_RELAY))


def test_signatures_are_the_authors() -> None:
    """A record that its author did not sign is refused, and so is one that only one of two signed."""
    space = Space(devices=2)
    forged = sign_record(space.record(invite("forged"), author=0), device_key(1))
    assert refused(space, space.acceptance(forged)) == RefusalCode.BAD_SIGNATURE.value
    invitation = invite("open")
    space.accept(invitation)
    signed = space.admission(2, invitation)
    for signers in ((device_key(9), device_key(2)), (invitation_key(invitation), device_key(9))):
        wrong = sign_record(signed.record, *signers)
        assert refused(space, space.acceptance(wrong)) == RefusalCode.BAD_SIGNATURE.value
    tampered = accepted_genesis(replace(space.genesis.signed, signatures=(bytes(64),)))
    with pytest.raises(InvalidRecord):
        ControlLog(space.id).append(tampered, verify=verify)


def test_only_owners_name_relays() -> None:
    """An admin cannot move a space."""
    space = Space()
    space.admit(1, Role.ADMIN)
    record = space.record(NameRelay(relay_key=OTHER_RELAY.public, addresses=("wss://new",)), author=1)
    accepted = space.acceptance(sign_record(record, device_key(1)), relay=OTHER_RELAY)
    assert refused(space, accepted) == RefusalCode.NOT_PERMITTED.value


@pytest.mark.parametrize("inviter", Role)
@pytest.mark.parametrize("invited", Role)
def test_nobody_gives_more_than_they_have(inviter: Role, invited: Role) -> None:
    """Owners and admins invite, up to their own role; writers and readers invite nobody."""
    space = Space()
    space.admit(1, inviter)
    record = space.record(invite("given", role=invited), author=1)
    accepted = space.acceptance(sign_record(record, device_key(1)))
    if inviter >= Role.ADMIN and invited <= inviter:
        space.take_record(accepted)
    else:
        assert refused(space, accepted) == RefusalCode.NOT_PERMITTED.value


def test_an_unknown_device_changes_nothing() -> None:
    """A record by an index that was never admitted is refused."""
    space = Space()
    record = space.record(invite("ghost"), author=7)
    accepted = space.acceptance(sign_record(record, device_key(7)))
    assert refused(space, accepted) == RefusalCode.NOT_MEMBER.value


def test_uses_of_an_invitation_are_counted() -> None:
    """An invitation for two admits two and no third."""
    space = Space()
    invitation = invite("pair", uses=2)
    space.accept(invitation)
    for number in (1, 2):
        space.take_record(space.acceptance(space.admission(number, invitation)))
    assert space.control.invitations[invitation.id].is_used_up
    accepted = space.acceptance(space.admission(3, invitation))
    assert refused(space, accepted) == RefusalCode.INVITATION_USED.value


def test_an_invitation_expires_by_the_relays_clock() -> None:
    """The time of the acceptance decides: one millisecond before the expiry is in time."""
    space = Space()
    invitation = invite("brief", expires_ms=NOW_MS + 10)
    space.accept(invitation)
    signed = space.admission(1, invitation)
    assert refused(space, space.acceptance(signed, NOW_MS + 10)) == RefusalCode.INVITATION_EXPIRED.value
    space.take_record(space.acceptance(signed, NOW_MS + 9))


def test_an_invitation_that_nobody_made_admits_nobody() -> None:
    """An accept record needs an invitation in the log."""
    space = Space()
    accepted = space.acceptance(space.admission(1, invite("imagined")))
    assert refused(space, accepted) == RefusalCode.INVITATION_UNKNOWN.value


KEY_REUSES: dict[str, Callable[[Space, Invite], bytes]] = {
    "a device's": lambda _space, _invitation: device_key(1).public,
    "the invitation's": lambda _space, invitation: invitation.signing_key,
    "the relay's": lambda _space, _invitation: RELAY.public,
}


@pytest.mark.parametrize("reused", KEY_REUSES.values(), ids=KEY_REUSES.keys())
def test_a_signing_key_is_admitted_once(reused: Callable[[Space, Invite], bytes]) -> None:
    """A key that means something already cannot be admitted as a device's."""
    space = Space(devices=2)
    invitation = invite("again")
    space.accept(invitation)
    signed = space.admission(2, invitation, signing_key=reused(space, invitation))
    assert refused(space, space.acceptance(signed)) == RefusalCode.INVALID_RECORD.value


def test_a_box_key_is_admitted_once() -> None:
    """Two devices cannot share the key that content keys are sealed to."""
    space = Space(devices=2)
    invitation = invite("again")
    space.accept(invitation)
    signed = space.admission(2, invitation, box_key=fill("box 1"))
    assert refused(space, space.acceptance(signed)) == RefusalCode.INVALID_RECORD.value


def test_invitations_have_ids_and_keys_of_their_own() -> None:
    """Neither the id nor the key of an invitation can be used for another one."""
    space = Space(devices=2)
    first = invite("first")
    space.accept(first)
    for payload in (
        replace(invite("second"), id=first.id),
        replace(invite("second"), signing_key=first.signing_key),
        replace(invite("second"), signing_key=device_key(1).public),
    ):
        accepted = space.acceptance(sign_record(space.record(payload), device_key(0)))
        assert refused(space, accepted) == RefusalCode.INVALID_RECORD.value


def test_nobody_joins_another_principal_uninvited() -> None:
    """Without a principal in the invitation, an accept record names one that nobody has."""
    space = Space(devices=2)
    invitation = invite("stranger")
    space.accept(invitation)
    signed = space.admission(2, invitation, principal=fill("principal 1", 16))
    assert refused(space, space.acceptance(signed)) == RefusalCode.INVALID_RECORD.value
    space.take_record(space.acceptance(space.admission(2, invitation)))


def test_an_invitation_for_a_principal_admits_no_other() -> None:
    """One invites further devices of one's own, or reserves a principal; nobody invites for somebody else."""
    space = Space()
    space.admit(1, Role.ADMIN)
    theirs = sign_record(
        space.record(invite("theirs", principal=fill("principal 0", 16)), author=1), device_key(1)
    )
    assert refused(space, space.acceptance(theirs)) == RefusalCode.INVALID_RECORD.value
    own = invite("own", principal=fill("principal 1", 16))
    space.accept(own, author=1)
    stranger = space.admission(2, own, principal=fill("principal 2", 16))
    assert refused(space, space.acceptance(stranger)) == RefusalCode.INVALID_RECORD.value
    space.take_record(space.acceptance(space.admission(2, own, principal=fill("principal 1", 16))))
    reserved = invite("reserved", principal=fill("principal 7", 16))
    space.accept(reserved)
    again = sign_record(
        space.record(invite("thief", principal=fill("principal 7", 16)), author=1), device_key(1)
    )
    assert refused(space, space.acceptance(again)) == RefusalCode.INVALID_RECORD.value
    space.take_record(space.acceptance(space.admission(7, reserved)))
