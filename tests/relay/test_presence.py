"""Presence at the relay: who hears whom, what slow readers lose, and that nothing of it is kept."""

import asyncio
from pathlib import Path

import pytest

from relay.config import MAX_WAITING_PRESENCE, Rate
from relay.presence import Ear, PresenceHall
from relay.server import RelayServer
from syncore.core.identifiers import SpaceId
from syncore.crypto.signing import SigningKey
from syncore.protocol.client_events import (
    ItemsReceived,
    PresenceReceived,
    RequestDone,
    RequestRefused,
    SpaceOpened,
    UploadStored,
)
from syncore.protocol.control_payloads import Role
from syncore.protocol.message_codec import decode_message
from syncore.protocol.messages import Shown
from syncore.protocol.presence import PresenceMessage
from syncore.protocol.refusal_codes import RefusalCode
from tests.protocol.builders import fill
from tests.protocol.presences import presence, shows
from tests.relay.device import Device, TestSpace, connected, key, running_relay

OWNER, JOINER, INVITATION = key("owner"), key("joiner"), key("invitation")
ONE, OTHER = SpaceId(fill("one")), SpaceId(fill("other"))


# --- one relay's hall ---


class Listener:
    """An ear, and how often it was woken."""

    def __init__(self, max_waiting: int = MAX_WAITING_PRESENCE) -> None:
        self.woken = 0
        self.ear = Ear(self._wake, max_waiting=max_waiting)

    def _wake(self) -> None:
        self.woken += 1

    def take(self) -> list[tuple[SpaceId, PresenceMessage | bytes]]:
        """Everything that waits, in order: the space and the content."""
        taken: list[tuple[SpaceId, PresenceMessage | bytes]] = []
        while (waiting := self.ear.take()) is not None:
            shown = decode_message(waiting[1], len(waiting[1]))
            assert isinstance(shown, Shown)
            assert shown.space == waiting[0]
            taken.append((shown.space, shown.content))
        return taken


def test_everybody_in_the_space_hears_but_the_speaker() -> None:
    """A message reaches each listener of its space once, as it came; not its speaker, nor other spaces."""
    hall, speaker, hearer, elsewhere = PresenceHall(), Listener(), Listener(), Listener()
    for listener in (speaker, hearer):
        hall.join(ONE, listener.ear)
        hall.join(ONE, listener.ear)
    hall.join(OTHER, elsewhere.ear)
    message = presence(ONE, 1)
    hall.show(message, speaker.ear)
    assert hearer.take() == [(ONE, message.content)]
    assert (hearer.woken, speaker.woken, elsewhere.woken) == (1, 0, 0)
    assert speaker.take() == elsewhere.take() == []


def test_nothing_is_left_of_those_who_leave() -> None:
    """Whoever left hears nothing more, and a space that nobody listens to is forgotten."""
    hall, speaker, hearer = PresenceHall(), Listener(), Listener()
    for listener in (speaker, hearer):
        hall.join(ONE, listener.ear)
    hall.leave(ONE, hearer.ear)
    hall.leave(ONE, hearer.ear)
    hall.show(presence(ONE, 1), speaker.ear)
    assert hearer.take() == []
    assert hall.listening == 1
    hall.leave(ONE, speaker.ear)
    assert hall.listening == 0


def test_of_one_session_only_the_newest_waits() -> None:
    """A reader that is slow is told the last word of each session, who waits longest first."""
    hall, speaker, hearer = PresenceHall(), Listener(), Listener()
    hall.join(ONE, hearer.ear)
    for counter in range(1, 100):
        hall.show(presence(ONE, 1, counter=counter, session="a"), speaker.ear)
        hall.show(presence(ONE, 1, counter=counter, session="b"), speaker.ear)
    assert hearer.take() == [(ONE, presence(ONE, 1, counter=99, session=name).content) for name in ("a", "b")]
    assert hall.displaced == 0


def test_what_waits_for_a_slow_reader_is_bounded() -> None:
    """Beyond the bound the session that waits longest is not told, over all spaces, and that is counted."""
    hall, speaker, hearer = PresenceHall(), Listener(), Listener(max_waiting=3)
    for space in (ONE, OTHER):
        hall.join(space, hearer.ear)
    messages = [presence((ONE, OTHER)[number % 2], number) for number in range(10)]
    for message in messages:
        hall.show(message, speaker.ear)
    assert [content for _, content in hearer.take()] == [message.content for message in messages[-3:]]
    assert hall.displaced == 7


# --- over connections ---


async def open_on(device: Device, space: TestSpace) -> None:
    """Open a space from the start and read what is there."""
    device.session.open_space(space.id, cursor=None)
    opened = await device.expect(SpaceOpened)
    while (await device.expect(ItemsReceived)).cursor.offset < opened.head.offset:
        pass


async def show(device: Device, message: PresenceMessage) -> None:
    """Show something, and wait until it was handed on."""
    device.session.show(message)
    await device.expect(RequestDone)


async def heard(device: Device) -> bytes:
    """The content of the next event, which is presence."""
    return (await device.expect(PresenceReceived)).content


async def refusal(device: Device, message: PresenceMessage) -> RefusalCode:
    """How the relay refuses a message."""
    device.session.show(message)
    return (await device.expect(RequestRefused)).code


async def admit(owner: Device, space: TestSpace, joiner: Device, role: Role) -> None:
    """Let the joiner into a space that the owner has open."""
    await owner.offer(space, space.invite(INVITATION, role=role))
    joiner.session.append_record(space.admit(INVITATION, JOINER))
    await joiner.expect(UploadStored)
    admitted = await owner.expect(ItemsReceived)
    space.learn(admitted.items[0].content)  # type: ignore[arg-type]
    await open_on(joiner, space)


@pytest.mark.parametrize("role", [Role.READER, Role.WRITER])
async def test_members_hear_each_other_once_they_have_spoken(tmp_path: Path, role: Role) -> None:
    """Whoever showed something hears what others show from then on: readers too, and nothing from before."""
    async with (
        running_relay(tmp_path) as relay,
        connected(relay.address, OWNER) as owner,
        connected(relay.address, JOINER) as joiner,
    ):
        space = TestSpace(OWNER, relay.public_key)
        await owner.create(space)
        await admit(owner, space, joiner, role)
        first, second = (presence(space.id, 0, shows(n), counter=n, signer=OWNER) for n in (1, 2))
        await show(owner, first)
        joined = presence(space.id, 1, shows("joiner"), signer=JOINER)
        await show(joiner, joined)
        assert await heard(owner) == joined.content
        await show(owner, second)
        assert await heard(joiner) == second.content


async def test_nobody_speaks_for_another(tmp_path: Path) -> None:
    """A member that sends another's message, own or recorded, is refused, and nobody hears it."""
    async with (
        running_relay(tmp_path) as relay,
        connected(relay.address, OWNER) as owner,
        connected(relay.address, JOINER) as joiner,
    ):
        space = TestSpace(OWNER, relay.public_key)
        await owner.create(space)
        await admit(owner, space, joiner, Role.ADMIN)
        owners = presence(space.id, 0, shows("owner"), signer=OWNER)
        await show(owner, owners)
        assert await refusal(joiner, owners) is RefusalCode.NOT_PERMITTED
        assert await refusal(joiner, presence(space.id, 0, signer=JOINER)) is RefusalCode.NOT_PERMITTED
        assert await refusal(joiner, presence(space.id, 7, signer=JOINER)) is RefusalCode.NOT_PERMITTED
        mine = presence(space.id, 1, signer=JOINER)
        await show(joiner, mine)
        assert await heard(owner) == mine.content


async def test_a_space_is_not_shown_to_those_who_do_not_have_it(tmp_path: Path) -> None:
    """A stranger cannot open the space, and so can neither show nor hear anything there."""
    async with (
        running_relay(tmp_path) as relay,
        connected(relay.address, OWNER) as owner,
        connected(relay.address, JOINER) as stranger,
    ):
        space, own = TestSpace(OWNER, relay.public_key), TestSpace(JOINER, relay.public_key, name="own")
        await owner.create(space)
        await stranger.create(own)
        stranger.session.open_space(space.id, cursor=None)
        assert (await stranger.expect(RequestRefused)).code is RefusalCode.NOT_MEMBER
        await show(stranger, presence(own.id, 0, signer=JOINER))
        await show(owner, presence(space.id, 0, signer=OWNER))
        await show(stranger, presence(own.id, 0, counter=2, signer=JOINER))


async def test_too_many_messages_are_refused(tmp_path: Path) -> None:
    """Beyond the rate presence is refused, to be tried again; segments of the connection are not."""
    rate = Rate(per_second=1, burst=3)
    async with running_relay(tmp_path, presence=rate) as relay, connected(relay.address, OWNER) as owner:
        space = TestSpace(OWNER, relay.public_key)
        await owner.create(space)
        for counter in range(1, 4):
            await show(owner, presence(space.id, 0, counter=counter, signer=OWNER))
        fourth = presence(space.id, 0, counter=4, signer=OWNER)
        assert await refusal(owner, fourth) is RefusalCode.RATE_LIMITED
        (event,) = await owner.append(space.segment())
        assert isinstance(event, ItemsReceived)


async def test_a_reader_that_stops_reading_loses_presence_alone(tmp_path: Path) -> None:
    """What waits for a stopped reader is bounded; others hear everything, and segments still reach it."""
    async with (
        running_relay(tmp_path, presence=Rate(per_second=10_000, burst=10_000)) as relay,
        connected(relay.address, OWNER) as speaker,
        connected(relay.address, OWNER) as hearer,
        connected(relay.address, OWNER, max_queue=1) as stopped,
    ):
        space = TestSpace(OWNER, relay.public_key)
        await speaker.create(space)
        for number, device in enumerate((hearer, stopped)):
            await open_on(device, space)
            await show(device, presence(space.id, 0, session=f"listener {number}", signer=OWNER))
        assert await heard(hearer)
        stopped.websocket.transport.pause_reading()
        await speaker.append(space.segment(filling=bytes(2_000_000)))
        await hearer.expect(ItemsReceived)
        await fill_up(speaker, hearer, space)
        displaced = 5 * MAX_WAITING_PRESENCE
        message = presence(space.id, 0, signer=OWNER)
        for number in range(displaced):
            message = presence(space.id, 0, session=f"session {number}", signer=OWNER)
            await show(speaker, message)
            assert await heard(hearer) == message.content
        await speaker.append(space.segment())
        stopped.websocket.transport.resume_reading()
        told: list[bytes] = []
        items = 0
        while items < 1 + FILLING + 1 or message.content not in told:
            event = await stopped.next_event()
            if isinstance(event, PresenceReceived):
                told.append(event.content)
            elif isinstance(event, ItemsReceived):
                items += len(event.items)
        assert MAX_WAITING_PRESENCE <= len(told) <= MAX_WAITING_PRESENCE + 2


FILLING = 6
"""Segments of two megabytes that fill every buffer between a relay and a reader that stopped."""


async def fill_up(speaker: Device, hearer: Device, space: TestSpace) -> None:
    """Write so much that the relay waits for the reader that stopped."""
    for _ in range(FILLING):
        await speaker.append(space.segment(filling=bytes(2_000_000)))
        await hearer.expect(ItemsReceived)


async def test_nothing_of_it_is_stored(tmp_path: Path) -> None:
    """Whatever was shown, heard or left waiting: no file of the relay holds a message, or a part of it."""
    secret = SigningKey(fill("nobody else"))
    async with (
        running_relay(tmp_path) as relay,
        connected(relay.address, OWNER) as speaker,
        connected(relay.address, OWNER) as hearer,
    ):
        space = TestSpace(OWNER, relay.public_key)
        await speaker.create(space)
        await open_on(hearer, space)
        await show(hearer, presence(space.id, 0, session="hearer", signer=secret))
        messages = [presence(space.id, 0, counter=n, session="speaker", signer=secret) for n in (1, 2, 3)]
        for message in messages:
            await show(speaker, message)
            assert await heard(hearer) == message.content
        segment = space.segment()
        await speaker.append(segment)
        stored = stored_bytes(tmp_path)
        assert segment.signature in stored
        for message in messages:
            for part in (message.signature, message.header.session, message.body[:16], message.body[-16:]):
                assert part not in stored
    await nothing_comes_from_before(tmp_path, space, messages)


def stored_bytes(folder: Path) -> bytes:
    """Everything in the relay's files."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def nothing_comes_from_before(folder: Path, space: TestSpace, messages: list[PresenceMessage]) -> None:
    """A relay that was started again tells a newcomer nothing of what was shown before."""
    stored = stored_bytes(folder)
    assert not [message for message in messages if message.signature in stored]
    async with running_relay(folder) as relay, connected(relay.address, OWNER) as newcomer:
        await open_on(newcomer, space)
        await show(newcomer, presence(space.id, 0, session="new", signer=OWNER))
        await newcomer.append(space.segment())


async def test_a_connection_that_ends_is_forgotten(tmp_path: Path) -> None:
    """After the last listener has gone, the relay listens to no space for anybody."""
    async with running_relay(tmp_path) as relay:
        async with connected(relay.address, OWNER) as owner:
            space = TestSpace(OWNER, relay.public_key)
            await owner.create(space)
            await show(owner, presence(space.id, 0, signer=OWNER))
            assert hall_of(relay).listening == 1
        while relay.connection_count:  # noqa: ASYNC110 - the relay tells nobody
            await asyncio.sleep(0.01)
        assert hall_of(relay).listening == 0


def hall_of(relay: RelayServer) -> PresenceHall:
    """The hall inside a relay."""
    return relay._relay._services.presence  # noqa: SLF001 - a relay tells nobody who listens
