"""Who may do what at a relay, and what is said when not."""

from pathlib import Path

import pytest

from relay.config import Rate
from syncore.adapters.clock import SystemClock
from syncore.core.errors import DishonestRelay
from syncore.crypto.signing import SigningKey
from syncore.protocol.client_events import (
    FaultReceived,
    ItemsReceived,
    RequestDone,
    RequestRefused,
    SlotReceived,
    SpaceOpened,
    UploadStored,
)
from syncore.protocol.control_payloads import Role
from syncore.protocol.messages import OpenOutcome
from syncore.protocol.receipts import encode_receipt
from syncore.protocol.refusal_codes import FaultCode, RefusalCode
from tests.relay.device import FAR_FUTURE_MS, Device, TestSpace, connected, key, running_relay

OWNER, JOINER, STRANGER, INVITATION = key("owner"), key("joiner"), key("stranger"), key("invitation")


async def refusal(device: Device) -> RefusalCode:
    """The code of the refusal that comes next."""
    return (await device.expect(RequestRefused)).code


async def put_slot(
    device: Device, space: TestSpace, invitation: SigningKey, expires_ms: int = FAR_FUTURE_MS
) -> None:
    """Leave a slot for an invitation."""
    device.session.put_slot(
        space.id,
        invitation_id=invitation.public[:16],
        signing_key=invitation.public,
        expires_ms=expires_ms,
        sealed=b"sealed",
    )


async def test_a_stranger_gets_nothing(tmp_path: Path) -> None:
    """Somebody outside the log can neither read, write, invite nor create in another's name."""
    async with running_relay(tmp_path) as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, STRANGER) as stranger:
            stranger.session.create_space(space.genesis, space.relay)
            assert await refusal(stranger) is RefusalCode.NOT_MEMBER
            stranger.session.open_space(space.id, cursor=None)
            assert await refusal(stranger) is RefusalCode.UNKNOWN_SPACE
            async with connected(relay.address, OWNER) as device:
                await device.create(space)
            stranger.session.open_space(space.id, cursor=None)
            assert await refusal(stranger) is RefusalCode.NOT_MEMBER
            stranger.session.append_segment(space.segment())
            assert await refusal(stranger) is RefusalCode.NOT_MEMBER
            stranger.session.append_record(space.invite(INVITATION))
            assert await refusal(stranger) is RefusalCode.NOT_MEMBER
            await put_slot(stranger, space, INVITATION)
            assert await refusal(stranger) is RefusalCode.NOT_MEMBER
            stranger.session.redeem(INVITATION, INVITATION.public[:16])
            assert await refusal(stranger) is RefusalCode.INVITATION_UNKNOWN
            stranger.session.create_space(space.genesis, space.relay)
            assert await refusal(stranger) is RefusalCode.NOT_MEMBER


async def test_creating_again_opens_what_is_there(tmp_path: Path) -> None:
    """A creation whose answer was lost can be sent again, also with another relay record beside it."""
    async with running_relay(tmp_path) as relay:
        space = TestSpace(OWNER, relay.public_key)
        for _ in range(2):
            async with connected(relay.address, OWNER) as device:
                items = await device.create(space)
                assert items.cursor.offset == 2


async def test_a_space_that_names_another_relay_is_refused(tmp_path: Path) -> None:
    """A relay accepts only records of spaces that name its own key."""
    async with running_relay(tmp_path) as relay, connected(relay.address, OWNER) as device:
        space = TestSpace(OWNER, key("another relay").public)
        device.session.create_space(space.genesis, space.relay)
        assert await refusal(device) is RefusalCode.INVALID_RECORD
        device.session.open_space(space.id, cursor=None)
        assert await refusal(device) is RefusalCode.UNKNOWN_SPACE


async def test_an_invitation_is_redeemed_and_the_joiner_opens_the_space(tmp_path: Path) -> None:
    """Put slot, invite, redeem, accept, open, write: on one connection of the joiner."""
    async with running_relay(tmp_path) as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as owner, connected(relay.address, JOINER) as joiner:
            await owner.create(space)
            await put_slot(owner, space, INVITATION)
            await owner.expect(RequestDone)
            joiner.session.redeem(INVITATION, INVITATION.public[:16])
            assert await refusal(joiner) is RefusalCode.INVITATION_UNKNOWN  # its record is not in the log yet
            await owner.offer(space, space.invite(INVITATION))
            joiner.session.redeem(STRANGER, INVITATION.public[:16])
            assert await refusal(joiner) is RefusalCode.INVITATION_UNKNOWN
            joiner.session.redeem(INVITATION, INVITATION.public[:16])
            slot = await joiner.expect(SlotReceived)
            assert slot.sealed == b"sealed"
            assert [record.link for record in slot.control] == space.links
            joiner.session.append_record(space.admit(INVITATION, JOINER))
            assert (await joiner.expect(UploadStored)).offset == 4
            admitted = await owner.expect(ItemsReceived)
            space.learn(admitted.items[0].content)  # type: ignore[arg-type]
            joiner.session.open_space(space.id, cursor=None)
            await joiner.expect(SpaceOpened)
            assert (await joiner.expect(ItemsReceived)).cursor.offset == 4
            (own,) = await joiner.append(space.segment(device=JOINER, index=1))
            assert isinstance(own, ItemsReceived)
            # The only use was taken, so the slot is gone.
            joiner.session.redeem(INVITATION, INVITATION.public[:16])
            assert await refusal(joiner) is RefusalCode.INVITATION_UNKNOWN


async def test_slots_are_refused_that_nobody_could_use(tmp_path: Path) -> None:
    """Expired slots, another invitation's key, and members who may not invite."""
    async with running_relay(tmp_path) as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as owner, connected(relay.address, JOINER) as joiner:
            await owner.create(space)
            await put_slot(owner, space, INVITATION, expires_ms=SystemClock().now_ms())
            assert await refusal(owner) is RefusalCode.INVITATION_EXPIRED
            await owner.offer(space, space.invite(INVITATION, role=Role.WRITER))
            owner.session.put_slot(
                space.id,
                invitation_id=INVITATION.public[:16],
                signing_key=STRANGER.public,
                expires_ms=FAR_FUTURE_MS,
                sealed=b"",
            )
            assert await refusal(owner) is RefusalCode.INVALID_RECORD
            joiner.session.append_record(space.admit(INVITATION, JOINER))
            await joiner.expect(UploadStored)
            await owner.expect(ItemsReceived)
            await put_slot(joiner, space, STRANGER)
            assert await refusal(joiner) is RefusalCode.NOT_PERMITTED
            await put_slot(owner, space, INVITATION)
            assert await refusal(owner) is RefusalCode.INVITATION_USED


async def test_an_expired_slot_opens_nothing(tmp_path: Path) -> None:
    """Expiry is checked when the slot is fetched, not only when slots are swept."""
    async with running_relay(tmp_path) as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as owner:
            await owner.create(space)
            await owner.offer(space, space.invite(INVITATION))
            soon_ms = SystemClock().now_ms() + 60
            await put_slot(owner, space, INVITATION, expires_ms=soon_ms)
            await owner.expect(RequestDone)
            while SystemClock().now_ms() < soon_ms:
                owner.session.redeem(STRANGER, INVITATION.public[:16])
                await refusal(owner)
            owner.session.redeem(INVITATION, INVITATION.public[:16])
            assert await refusal(owner) is RefusalCode.INVITATION_EXPIRED


async def test_too_many_requests_are_refused_and_come_back_with_time(tmp_path: Path) -> None:
    """Beyond its rate a connection is told to wait; appends do not count there."""
    async with running_relay(tmp_path, requests=Rate(per_second=1, burst=2)) as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as device:
            await device.create(space)
            device.session.redeem(INVITATION, INVITATION.public[:16])
            assert await refusal(device) is RefusalCode.INVITATION_UNKNOWN
            device.session.redeem(INVITATION, INVITATION.public[:16])
            assert await refusal(device) is RefusalCode.RATE_LIMITED
            (own,) = await device.append(space.segment())
            assert isinstance(own, ItemsReceived)


async def test_a_relay_holds_so_many_spaces(tmp_path: Path) -> None:
    """Beyond the bound no space is created, also after a restart; those that are there work."""
    for _ in range(2):
        async with running_relay(tmp_path, max_spaces=1) as relay, connected(relay.address, OWNER) as device:
            await device.create(TestSpace(OWNER, relay.public_key, name="one"))
            two = TestSpace(OWNER, relay.public_key, name="two")
            device.session.create_space(two.genesis, two.relay)
            assert await refusal(device) is RefusalCode.QUOTA_EXCEEDED


@pytest.mark.parametrize(
    ("refilled", "outcome"),
    [(False, OpenOutcome.LOST), (True, OpenOutcome.DIVERGED), (False, OpenOutcome.FROM_START)],
)
async def test_a_receipt_shows_a_relay_that_its_log_was_restored(
    tmp_path: Path, *, refilled: bool, outcome: OpenOutcome
) -> None:
    """A relay restored from an older copy begins a new generation, and every reader is told."""
    async with running_relay(tmp_path) as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as device:
            created = await device.create(space)
    store = tmp_path / "relay.db"
    copy = store.read_bytes()
    heads = dict(space.heads)
    async with running_relay(tmp_path) as relay, connected(relay.address, OWNER) as device:
        device.session.open_space(space.id, cursor=created.cursor)
        await device.expect(SpaceOpened)
        (lost,) = await device.append(space.segment())
        assert isinstance(lost, ItemsReceived)
        assert lost.receipt is not None
    store.write_bytes(copy)
    space.heads = heads
    async with running_relay(tmp_path) as relay:
        async with connected(relay.address, OWNER) as reader, connected(relay.address, OWNER) as device:
            reader.session.open_space(space.id, cursor=created.cursor)
            assert (await reader.expect(SpaceOpened)).outcome is OpenOutcome.RESUMED
            if refilled:
                await reader.append(space.segment(incarnation=8))
            cursor = None if outcome is OpenOutcome.FROM_START else lost.cursor
            device.session.open_space(space.id, cursor=cursor, receipt=encode_receipt(lost.receipt))
            opened = await device.expect(SpaceOpened)
            assert opened.outcome is outcome
            assert opened.head.generation != created.cursor.generation
            items = await device.expect(ItemsReceived)
            assert items.cursor == opened.head
            assert (await reader.expect(FaultReceived)).code is FaultCode.NEW_GENERATION
        async with connected(relay.address, OWNER) as device:
            device.session.open_space(space.id, cursor=lost.cursor, receipt=encode_receipt(lost.receipt))
            assert (await device.expect(SpaceOpened)).outcome is OpenOutcome.NEW_GENERATION
            await device.expect(ItemsReceived)
            (own,) = await device.append(space.segment(incarnation=9))
            assert isinstance(own, ItemsReceived)


async def test_a_forged_receipt_changes_nothing(tmp_path: Path) -> None:
    """Only this relay's own signature begins a new generation; the forger reads from the start at most."""
    async with running_relay(tmp_path) as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as device:
            created = await device.create(space)
            assert created.receipt is not None
            receipt = bytearray(encode_receipt(created.receipt))
            receipt[55] += 5  # the offset's last byte
        async with connected(relay.address, OWNER) as device:
            device.session.open_space(space.id, cursor=created.cursor, receipt=bytes(receipt))
            with pytest.raises(DishonestRelay):  # whoever believes the forgery
                await device.next_event()
        async with connected(relay.address, OWNER) as device:
            device.session.open_space(space.id, cursor=created.cursor)
            assert (await device.expect(SpaceOpened)).head.generation == created.cursor.generation
        async with connected(relay.address, OWNER) as device:
            wrong = created.cursor.__class__(
                generation=created.cursor.generation, offset=9, running_hash=bytes(32)
            )
            device.session.open_space(space.id, cursor=wrong, receipt=bytes(receipt))
            with pytest.raises(DishonestRelay):
                await device.next_event()


async def test_a_relay_that_lost_a_space_is_healed_by_a_member(tmp_path: Path) -> None:
    """Records with the relay's own acceptances are taken back unchanged, from any member."""
    async with running_relay(tmp_path) as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as device:
            created = await device.create(space)
            naming = created.items[1].content
            invite = await device.offer(space, space.invite(INVITATION))
            admit = await device.offer(space, space.admit(INVITATION, JOINER))
            segment = space.segment()
            await device.append(segment)
    (tmp_path / "relay.db").unlink()
    async with running_relay(tmp_path) as relay, connected(relay.address, JOINER) as joiner:
        joiner.session.open_space(space.id, cursor=None)
        assert await refusal(joiner) is RefusalCode.UNKNOWN_SPACE
        joiner.session.create_space(space.genesis, naming)  # type: ignore[arg-type]
        assert await refusal(joiner) is RefusalCode.NOT_MEMBER  # created, and the joiner is not in it yet
        for record in (invite, admit):
            joiner.session.append_record(record)
            await joiner.expect(UploadStored)
        joiner.session.append_segment(segment)
        assert (await joiner.expect(UploadStored)).offset == 5
        joiner.session.open_space(space.id, cursor=None)
        await joiner.expect(SpaceOpened)
        items = await joiner.expect(ItemsReceived)
        assert [item.content for item in items.items[1:]] == [naming, invite, admit, segment]
