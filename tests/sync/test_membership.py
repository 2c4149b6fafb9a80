"""Making a space, inviting to it and joining it: what is agreed with the relay, and what is not believed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.core.errors import (
    CryptoError,
    InvalidInvitation,
    NotPermitted,
    ProtocolViolation,
    Refused,
    SyncoreError,
    WrongRelay,
)
from syncore.core.identifiers import Incarnation, SpaceId, make_writer
from syncore.core.limits import MAX_INVITATION_USES
from syncore.crypto.invitations import InvitationKeys
from syncore.crypto.keys import ContentKey, DeviceKeys
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_payloads import Role
from syncore.protocol.message_codec import encode_message
from syncore.protocol.messages import Done, Message, Opened, Refusal, Slot
from syncore.protocol.refusal_codes import RefusalCode
from syncore.replica.space_state import SpaceState
from syncore.storage.space_rows import SpaceRow
from syncore.sync.connection import RelayConnection
from syncore.sync.membership import NewSpace, accept, create_space, invite, resume
from syncore.sync.status import Traffic
from syncore.sync.unlocking import GENESIS_SPACE
from tests.protocol.builders import fill
from tests.replica.world import SeededEntropy
from tests.sync.memory_relay import ADDRESS, MemoryRelay, honest, message_of, relay_in_memory

ENTROPY = SystemEntropy()
FAR_FUTURE_MS = 2**46


def device_keys(name: str) -> DeviceKeys:
    """The keys of a device."""
    return DeviceKeys(fill(name, 32) + fill(f"{name} box", 32))


OWNER, GUEST, LATE = device_keys("owner"), device_keys("guest"), device_keys("late")


@pytest.fixture
async def relay() -> AsyncIterator[MemoryRelay]:
    """A relay in memory."""
    async with relay_in_memory() as relay:
        yield relay


async def opened(relay: MemoryRelay, device: DeviceKeys) -> RelayConnection:
    """A device's connection."""
    return await RelayConnection.open(
        ADDRESS,
        connector=relay,
        signer=device.signing,
        verify=verify,
        clock=SystemClock(),
        entropy=ENTROPY,
        expected_relay_key=None,
        traffic=Traffic(),
    )


@asynccontextmanager
async def attended(relay: MemoryRelay, device: DeviceKeys) -> AsyncIterator[RelayConnection]:
    """The same, read in the background."""
    async with await opened(relay, device) as connection, connection.attended():
        yield connection


async def made(relay: MemoryRelay) -> NewSpace:
    """A space of the owner's."""
    async with await opened(relay, OWNER) as connection:
        return await create_space(connection, device=OWNER, address=ADDRESS, entropy=ENTROPY)


async def invited(
    relay: MemoryRelay,
    space: NewSpace,
    *,
    device: DeviceKeys = OWNER,
    role: Role = Role.WRITER,
    uses: int = 1,
) -> InvitationKeys:
    """An invitation by a member that knows all of the control log."""
    control = relay.logs[space.id].control
    writer = make_writer(space.index, Incarnation(1))
    state = SpaceState(row=SpaceRow(space=2, id=space.id, is_default=True, writer=writer), control=control)
    async with attended(relay, device) as connection:
        return await invite(
            connection,
            state=state,
            device=device,
            content_key=space.content_key,
            role=role,
            uses=uses,
            expires_ms=FAR_FUTURE_MS,
            entropy=ENTROPY,
        )


async def accepted(relay: MemoryRelay, keys: InvitationKeys, device: DeviceKeys) -> NewSpace:
    """What a device learns that accepts an invitation."""

    async def keep(_space: SpaceId, _content_key: ContentKey) -> None:
        """Keep nothing."""

    async with attended(relay, device) as connection:
        return await accept(connection, keys=keys, device=device, entropy=ENTROPY, before_accepting=keep)


def roles(relay: MemoryRelay) -> list[Role | None]:
    """The roles of the only space's devices, in the order of their admission."""
    return [relay.log.control.role(index) for index in sorted(relay.log.control.devices)]


async def test_whoever_makes_a_space_owns_it(relay: MemoryRelay) -> None:
    """The relay holds genesis and its own naming; the maker holds both, verified, and the committed key."""
    space = await made(relay)
    assert (space.id, space.index, roles(relay)) == (relay.log.space, 0, [Role.OWNER])
    log = ControlLog(space.id)
    for record in space.control:
        log.append(record, verify=verify)
    assert (log.relay_key, log.relay_addresses) == (relay.signer.public, (ADDRESS,))
    assert log.head_link == relay.log.control.head_link
    space.content_key.verify_commitment(log.commitment(1) or b"", space=GENESIS_SPACE, epoch=1)


async def test_a_space_that_the_relay_does_not_take_is_refused(relay: MemoryRelay) -> None:
    """The relay's reason comes through when it takes no new spaces."""

    def refuse(opened: Opened) -> Message:
        return Refusal(
            request_id=opened.request_id, code=RefusalCode.NOT_PERMITTED, is_final=True, detail="no"
        )

    relay.tamper = changing(Opened, refuse)
    with pytest.raises(Refused, match="no") as caught:
        await made(relay)
    assert caught.value.is_final


async def test_an_invitation_leads_into_the_space(relay: MemoryRelay) -> None:
    """The guest gets the content key and its index; what it needs to resume was kept before it accepted."""
    space = await made(relay)
    keys = await invited(relay, space, role=Role.READER)
    kept: list[tuple[SpaceId, int]] = []

    async def keep(id_: SpaceId, content_key: ContentKey) -> None:
        assert content_key.secret_bytes() == space.content_key.secret_bytes()
        kept.append((id_, len(roles(relay))))

    async with attended(relay, GUEST) as connection:
        joined = await accept(connection, keys=keys, device=GUEST, entropy=ENTROPY, before_accepting=keep)
    assert kept == [(space.id, 1)]
    assert (joined.id, joined.index, roles(relay)) == (space.id, 1, [Role.OWNER, Role.READER])
    assert joined.content_key.secret_bytes() == space.content_key.secret_bytes()
    assert [record.record.seq for record in joined.control] == [0, 1, 2]


async def test_guests_who_come_at_one_moment_all_get_in(relay: MemoryRelay) -> None:
    """Those who race for a place in the control log try again, and each gets an index of its own."""
    space = await made(relay)
    keys = await invited(relay, space, uses=MAX_INVITATION_USES)
    guests = [device_keys(f"guest {number}") for number in range(3)]
    joined = await asyncio.gather(*(accepted(relay, keys, guest) for guest in guests))
    assert sorted(one.index for one in joined) == [1, 2, 3]
    control = relay.log.control
    assert [control.index_of(guest.signing.public) for guest in guests] == [one.index for one in joined]
    again = await accepted(relay, keys, guests[0])
    assert (again.index, len(control.devices)) == (joined[0].index, 4)


async def test_only_admins_invite_and_to_no_higher_role(relay: MemoryRelay) -> None:
    """A writer invites nobody, an admin no owner; nothing reaches the relay."""
    space = await made(relay)
    writer = await accepted(relay, await invited(relay, space), GUEST)
    admin = await accepted(relay, await invited(relay, space, role=Role.ADMIN), LATE)
    held = len(relay.log.items)
    for member, device, role in ((writer, GUEST, Role.READER), (admin, LATE, Role.OWNER)):
        with pytest.raises(NotPermitted):
            await invited(relay, member, device=device, role=role)
    assert len(relay.log.items) == held
    await invited(relay, admin, device=LATE, role=Role.ADMIN)


async def test_a_spent_invitation_is_no_invitation(relay: MemoryRelay) -> None:
    """What the relay does not know, or not any more, is said to be the invitation's fault."""
    space = await made(relay)
    keys = await invited(relay, space)
    await accepted(relay, keys, GUEST)
    for wrong in (keys, InvitationKeys(bytes(13))):
        with pytest.raises(InvalidInvitation, match="does not know"):
            await accepted(relay, wrong, LATE)
    assert len(roles(relay)) == 2


def changing(kind: type, change: Callable[..., Message]) -> Callable[[bytes], Sequence[bytes]]:
    """Change every message of a kind."""

    def tamper(frame: bytes) -> Sequence[bytes]:
        message = message_of(frame)
        return (encode_message(change(message)) if isinstance(message, kind) else frame,)

    return tamper


def refused(code: RefusalCode) -> Callable[[Slot], Message]:
    """A refusal instead of the slot."""
    return lambda slot: Refusal(request_id=slot.request_id, code=code, is_final=code.is_final, detail="")


async def test_an_invitation_that_ends_before_it_begins_is_the_clocks_fault(relay: MemoryRelay) -> None:
    """A device whose clock is far behind is told to set it; nothing else that the relay refuses says that."""
    space = await made(relay)
    for code, words in ((RefusalCode.INVITATION_EXPIRED, "clock"), (RefusalCode.QUOTA_EXCEEDED, "")):
        relay.tamper = changing(
            Done,
            lambda done, code=code: Refusal(request_id=done.request_id, code=code, is_final=True, detail=""),
        )
        with pytest.raises(Refused) as caught:
            await invited(relay, space)
        assert (caught.value.code, words in caught.value.hint) == (code.value, True)
        assert ("clock" in caught.value.hint) == bool(words)


SLOTS: dict[str, tuple[Callable[[Slot], Message], type[SyncoreError], str]] = {
    "a slot of nothing": (
        lambda slot: replace(slot, sealed=bytes(len(slot.sealed))),
        InvalidInvitation,
        "does not belong",
    ),
    "another space": (
        lambda slot: replace(slot, space=SpaceId(bytes(32))),
        ProtocolViolation,
        "log of another space than the invitation names",
    ),
    "an empty log": (lambda slot: replace(slot, control=()), ProtocolViolation, "another control log"),
    "a log without its end": (
        lambda slot: replace(slot, control=slot.control[:1]),
        ProtocolViolation,
        "another control log",
    ),
    "a log twice": (
        lambda slot: replace(slot, control=slot.control * 2),
        ProtocolViolation,
        "does not hold",
    ),
    "an expired invitation": (refused(RefusalCode.INVITATION_EXPIRED), InvalidInvitation, "expired"),
    "a used invitation": (refused(RefusalCode.INVITATION_USED), InvalidInvitation, "used up"),
    "a busy relay": (refused(RefusalCode.OVERLOADED), Refused, "refused"),
}


@pytest.mark.parametrize("case", SLOTS)
async def test_a_slot_that_does_not_hold_is_not_accepted(relay: MemoryRelay, case: str) -> None:
    """Whatever a relay shows instead of the invitation's space, nobody gets in, and the code is unspent."""
    change, failure, words = SLOTS[case]
    keys = await invited(relay, await made(relay))
    relay.tamper = changing(Slot, change)
    with pytest.raises(failure, match=words):
        await accepted(relay, keys, GUEST)
    assert len(roles(relay)) == 1
    relay.tamper = honest
    assert (await accepted(relay, keys, GUEST)).index == 1


async def test_an_invitation_and_a_space_name_their_relay(relay: MemoryRelay) -> None:
    """Another relay that shows the same slot and the same log is neither joined nor resumed at."""
    space = await made(relay)
    keys = await invited(relay, space)
    relay.signer = SigningKey(bytes(32))
    with pytest.raises(WrongRelay):
        await accepted(relay, keys, GUEST)
    async with await opened(relay, OWNER) as connection:
        with pytest.raises(WrongRelay):
            await resume(connection, space=space.id, device=OWNER, content_key=space.content_key)
    assert len(roles(relay)) == 1


async def test_an_acceptance_that_nobody_heard_of_is_taken_up(relay: MemoryRelay) -> None:
    """Who was admitted learns from the log all that the answer would have said; with the right key only."""
    space = await made(relay)
    joined = await accepted(relay, await invited(relay, space), GUEST)
    async with await opened(relay, GUEST) as connection:
        found = await resume(connection, space=space.id, device=GUEST, content_key=space.content_key)
    assert (found.id, found.index) == (joined.id, joined.index)
    assert [record.record.seq for record in found.control] == [0, 1, 2, 3]
    other = ContentKey(SeededEntropy("other").random_bytes(32))
    async with await opened(relay, GUEST) as connection:
        with pytest.raises(CryptoError):
            await resume(connection, space=space.id, device=GUEST, content_key=other)
    relay.logs.clear()
    async with await opened(relay, GUEST) as connection:
        with pytest.raises(Refused):
            await resume(connection, space=space.id, device=GUEST, content_key=space.content_key)
