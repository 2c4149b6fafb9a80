"""Presence between replicas at a relay in memory: seen, forgotten, and never taken from somebody else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from syncore import Present, Replica, Space, SyncState
from syncore.codec.values import Value, encode_value
from syncore.core.errors import Closed, Misused
from syncore.core.identifiers import SpaceId, Writer, make_writer
from syncore.core.limits import MAX_PRESENT_SESSIONS
from syncore.crypto.presence_cipher import seal_presence_body
from syncore.crypto.signing import SigningKey
from syncore.protocol.presence import (
    PresenceHeader,
    PresencePlain,
    encode_presence_header,
    encode_presence_plain,
    parse_presence,
    presence_hash,
)
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.relay_events import ShowRequested
from tests.sync.memory_relay import ADDRESS, MemoryRelay, relay_in_memory, replica_at
from tests.sync.waiting import converged, synced, until, until_state


@pytest.fixture
async def relay() -> AsyncIterator[MemoryRelay]:
    """A relay in memory."""
    async with relay_in_memory() as relay:
        yield relay


@pytest.fixture
async def replica(relay: MemoryRelay, tmp_path: Path) -> AsyncIterator[Replica]:
    """A replica that reaches the relay."""
    async with replica_at(relay, tmp_path, "a") as replica:
        yield replica


@pytest.fixture
async def other(relay: MemoryRelay, tmp_path: Path) -> AsyncIterator[Replica]:
    """Another one."""
    async with replica_at(relay, tmp_path, "b") as replica:
        yield replica


async def pair(replica: Replica, other: Replica) -> tuple[Space, Space]:
    """Two replicas of one space."""
    space = await replica.share(ADDRESS)
    await synced(space)
    joined = await other.join(await space.invite())
    await converged(space, joined)
    return space, joined


def seen(space: Space) -> list[tuple[int, Value]]:
    """The devices that are here and what they show."""
    return [(one.device, one.value) for one in space.presence.others]


async def until_seen(space: Space, *expected: tuple[int, Value]) -> None:
    """Return when exactly these are here."""
    await until(lambda: seen(space) == list(expected))


class Member:
    """Makes presence messages with the keys of a replica, honest or not."""

    def __init__(self, replica: Replica) -> None:
        services = replica._services  # noqa: SLF001 - a hostile member has its keys at hand
        state = services.local.default_space
        device, key = services.keystore.device(), services.keystore.content_key(state.id, 1)
        assert device is not None
        assert key is not None
        self.space: SpaceId = state.id
        self.writer: Writer = state.writer
        self.signer: SigningKey = device.signing
        self._key = key

    def says(
        self,
        value: Value,
        *,
        counter: int = 1,
        session: bytes = b"member's",
        epoch: int = 1,
        writer: Writer | None = None,
        plain: bytes | None = None,
    ) -> ShowRequested:
        """A message as the relay would hand it on."""
        header = encode_presence_header(
            PresenceHeader(
                space=self.space, writer=writer or self.writer, session=session, counter=counter, epoch=epoch
            )
        )
        if plain is None:
            plain = encode_presence_plain(
                PresencePlain(asks=False, ttl_ms=300_000, value=encode_value(value))
            )
        body = seal_presence_body(self._key, plain, header, bytes(24))
        signature = self.signer.sign("presence", presence_hash(header, body))
        message = parse_presence(header + body, signature)
        return ShowRequested(request_id=1, space=self.space, message=message)


# --- seeing and being seen ---


async def test_two_replicas_see_each_other(replica: Replica, other: Replica) -> None:
    """What one sets the other sees, and not itself; the newest replaces it, and clearing ends it at once."""
    space, joined = await pair(replica, other)
    await space.presence.set({"cursor": ["movies", "alien"]})
    await until_seen(joined, (0, {"cursor": ["movies", "alien"]}))
    await joined.presence.set("here too")
    await until_seen(space, (1, "here too"))
    await space.presence.set(None, ttl=300)
    await until_seen(joined, (0, None))
    await space.presence.clear()
    await until_seen(joined)
    assert seen(space) == [(1, "here too")]
    assert (space.status().presence_dropped, joined.status().presence_refused) == (0, 0)


async def test_changes_come_as_they_happen(replica: Replica, other: Replica) -> None:
    """The iterator gives who is here now, then every change; what is said again is none."""
    space, joined = await pair(replica, other)
    changes = joined.presence.changes()
    assert await anext(changes) == ()
    await space.presence.set(1)
    (one,) = await anext(changes)
    assert isinstance(one, Present)
    assert (one.device, one.value, one.since) == (0, 1, one.last_heard)
    await space.presence.clear()
    assert await anext(changes) == ()


async def test_a_newcomer_sees_who_is_here(relay: MemoryRelay, replica: Replica, other: Replica) -> None:
    """Whoever begins to look is answered by those who are here, though the relay keeps nothing."""
    space, joined = await pair(replica, other)
    await space.presence.set("was here before", ttl=300)
    await until(lambda: len(relay.shown) == 1)
    assert joined.presence.others == ()
    await until_seen(joined, (0, "was here before"))
    assert len(relay.shown) <= 4


async def test_what_is_set_offline_is_seen_when_live(
    relay: MemoryRelay, replica: Replica, other: Replica
) -> None:
    """What was set while the relay is away is kept, and shown when it is back, like what was shown before."""
    space, joined = await pair(replica, other)
    await joined.presence.set("joined", ttl=300)
    relay.is_down = True
    await relay.hang_up()
    await until_state(space, SyncState.OFFLINE)
    await space.presence.set("offline", ttl=300)
    relay.is_down = False
    await until_seen(joined, (0, "offline"))
    await until_seen(space, (1, "joined"))


async def test_who_is_cut_off_is_forgotten(relay: MemoryRelay, replica: Replica, other: Replica) -> None:
    """Without another word a session vanishes when its time to live is over, offline too."""
    space, joined = await pair(replica, other)
    await space.presence.set("soon gone", ttl=1)
    await until_seen(joined, (0, "soon gone"))
    changes = joined.presence.changes()
    assert len(await anext(changes)) == 1
    relay.is_down = True
    await relay.hang_up()
    assert await anext(changes) == ()


async def test_who_stays_is_seen_beyond_the_time_to_live(
    relay: MemoryRelay, replica: Replica, other: Replica
) -> None:
    """As long as a program shows itself it is seen, because it says so again in time."""
    space, joined = await pair(replica, other)
    changes = joined.presence.changes()
    await anext(changes)
    await space.presence.set("here", ttl=1)
    assert len(await anext(changes)) == 1
    said = len(relay.shown)
    await until(lambda: len(relay.shown) >= said + 5)
    (one,) = joined.presence.others
    assert one.last_heard > one.since


async def test_a_program_that_ends_says_so(
    relay: MemoryRelay, replica: Replica, other: Replica, tmp_path: Path
) -> None:
    """Closing a replica ends its presence at once; opened again it is another session."""
    space, joined = await pair(replica, other)
    await space.presence.set("first life", ttl=300)
    await until_seen(joined, (0, "first life"))
    (first,) = joined.presence.others
    await replica.close()
    await until_seen(joined)
    async with replica_at(relay, tmp_path, "a") as again:
        await again.space.presence.set("second life")
        await until_seen(joined, (0, "second life"))
        assert joined.presence.others[0].session != first.session


async def test_fast_changes_are_shown_as_the_newest(
    relay: MemoryRelay, replica: Replica, other: Replica
) -> None:
    """A cursor that moves all the time costs few messages, and ends where it is."""
    space, joined = await pair(replica, other)
    assert seen(joined) == []
    for number in range(500):
        await space.presence.set(number)
    await until_seen(joined, (0, 499))
    assert len(relay.shown) < 10


# --- what cannot be ---


async def test_who_cannot_take_part_is_told(replica: Replica, relay: MemoryRelay, tmp_path: Path) -> None:
    """A private space, a replica that does not sync and a closed one have no presence; nobody is there."""
    with pytest.raises(Misused, match="private"):
        await replica.space.presence.set(1)
    with pytest.raises(Misused, match="private"):
        await anext(replica.space.presence.changes())
    assert replica.space.presence.others == ()
    space = await replica.share(ADDRESS)
    changes = space.presence.changes()
    await anext(changes)
    await replica.close()
    with pytest.raises(StopAsyncIteration):
        await anext(changes)
    for wrong in (space.presence.set(1), space.presence.clear(), anext(space.presence.changes())):
        with pytest.raises(Closed):
            await wrong
    assert space.presence.others == ()
    async with Replica.open(
        tmp_path / "a.db", keystore=tmp_path / "keys-a", connector=relay, sync=False
    ) as off:
        with pytest.raises(Misused, match="switched off"):
            await off.space.presence.set(1)
        assert off.space.presence.others == ()


async def test_a_refusal_that_passes_is_tried_again(
    relay: MemoryRelay, replica: Replica, other: Replica
) -> None:
    """What a busy relay refused is shown later, and counted; the space stays live."""
    space, joined = await pair(replica, other)
    relay.refuses_presence = RefusalCode.RATE_LIMITED
    await space.presence.set("later")
    await until(lambda: space.status().presence_refused > 0)
    assert space.status().state is SyncState.LIVE
    relay.refuses_presence = None
    await until_seen(joined, (0, "later"))


async def test_a_refusal_for_good_stops_nothing_else(
    relay: MemoryRelay, replica: Replica, other: Replica
) -> None:
    """A relay that hands on no presence syncs as ever; on the next connection it is asked again."""
    space, joined = await pair(replica, other)
    relay.refuses_presence = RefusalCode.UNSUPPORTED
    await space.presence.set("later")
    await until(lambda: space.status().presence_refused == 1)
    await replica.collection("notes").insert({"n": 1})
    await converged(space, joined)
    relay.refuses_presence = None
    await relay.hang_up()
    await until_seen(joined, (0, "later"))
    assert space.status().presence_refused == 1


# --- hostile members and relays ---


async def listening(replica: Replica, other: Replica) -> tuple[Space, Space]:
    """Two replicas of one space that hear each other."""
    space, joined = await pair(replica, other)
    await joined.presence.set("joined", ttl=300)
    await until_seen(space, (1, "joined"))
    return space, joined


async def dropped(space: Space, count: int) -> None:
    """Return when so many messages were dropped, none of which cost the connection."""
    await until(lambda: space.status().presence_dropped == count)
    assert space.status().state is SyncState.LIVE


async def test_old_messages_are_dropped(relay: MemoryRelay, replica: Replica, other: Replica) -> None:
    """A relay that repeats what was shown, while it is shown or after it is gone, brings nobody back."""
    space, joined = await listening(replica, other)
    shown = [event for event in relay.shown if event.message.header.writer == Member(other).writer][-1]
    relay.tell(shown)
    await dropped(space, 1)
    await joined.presence.clear()
    await until_seen(space)
    relay.tell(shown)
    await until(lambda: space.status().presence_dropped == 2)
    assert seen(space) == []


async def test_own_messages_are_not_shown(relay: MemoryRelay, replica: Replica, other: Replica) -> None:
    """A relay that sends a program its own words makes it see nobody."""
    space, _joined = await listening(replica, other)
    await space.presence.set("mine")
    await until(lambda: relay.shown[-1].message.header.writer == Member(replica).writer)
    relay.tell(relay.shown[-1])
    await until(lambda: space.status().presence_dropped > 0)
    assert seen(space) == [(1, "joined")]


async def test_a_member_cannot_pretend_to_be_another(
    relay: MemoryRelay, replica: Replica, other: Replica
) -> None:
    """A message that names another device, or one that nobody is, is dropped whoever hands it on."""
    space, _joined = await listening(replica, other)
    liar = Member(other)
    for number, device in enumerate((0, 2, 2**21 - 2), start=1):
        index = type(Member(replica).writer)(device)
        relay.tell(liar.says("not me", writer=make_writer(index, 7), counter=1_000))  # type: ignore[arg-type]
        await dropped(space, number)
    assert seen(space) == [(1, "joined")]


async def test_what_does_not_open_is_dropped(relay: MemoryRelay, replica: Replica, other: Replica) -> None:
    """Noise, later versions, flipped bits, other epochs and contents that none may write are dropped."""
    space, _joined = await listening(replica, other)
    member = Member(other)
    honest = member.says("honest", counter=50)
    content = honest.message.content
    for number, bad in enumerate(
        (b"noise", b"\x02" + content[1:], content[:-1] + bytes([content[-1] ^ 1])), start=1
    ):
        relay.tell(honest, content=bad)
        await dropped(space, number)
    relay.tell(member.says("of another epoch", epoch=2))
    await dropped(space, 4)
    relay.tell(member.says(None, plain=b"\x93\xc2\xcd\x75\x30\xc4\x01\xc1"))
    await dropped(space, 5)
    elsewhere = replace(honest, message=replace(honest.message, signature=bytes(64)))
    relay.tell(elsewhere)
    await dropped(space, 6)
    assert seen(space) == [(1, "joined")]
    relay.tell(honest)
    await until(lambda: sorted(str(value) for _, value in seen(space)) == ["honest", "joined"])


async def test_sessions_of_one_device_are_bounded(
    relay: MemoryRelay, replica: Replica, other: Replica
) -> None:
    """A member that invents sessions fills its own places, and can neither hide others nor grow beyond."""
    space, joined = await listening(replica, other)
    member = Member(replica)
    for number in range(40):
        relay.tell(member.says(number, session=b"%08d" % number))
    await until(lambda: (0, 39) in seen(joined))
    assert len(joined.presence.others) == MAX_PRESENT_SESSIONS
    assert (1, "joined") in seen(space)
    assert len(space.presence.others) == 1 + MAX_PRESENT_SESSIONS
