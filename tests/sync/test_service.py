"""The sync client against relays that are down, hostile or forgetful: always a status, never a loss."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from syncore import Replica, Space, SpaceStatus, SyncState
from syncore.core.errors import (
    Closed,
    ConnectionFailed,
    DishonestRelay,
    Malformed,
    Misused,
    ProtocolViolation,
    Refused,
    SyncoreError,
    UnsupportedVersion,
)
from syncore.core.limits import MAX_FRAME_BYTES
from syncore.core.ports import FrameChannel
from syncore.crypto.signing import SigningKey
from syncore.protocol.items import SegmentItem, StubItem
from syncore.protocol.message_codec import encode_message
from syncore.protocol.messages import (
    Append,
    Done,
    Fault,
    Hello,
    Items,
    Opened,
    OpenOutcome,
    Refusal,
    SessionLimits,
    Slot,
    Stored,
    Welcome,
)
from syncore.protocol.receipts import decode_receipt, encode_receipt, sign_receipt
from syncore.protocol.refusal_codes import FaultCode, RefusalCode
from syncore.replica.space_keys import SpaceCipher
from tests.sync.memory_relay import (
    ADDRESS,
    MemoryRelay,
    Tamper,
    honest,
    message_of,
    relay_in_memory,
    replica_at,
)
from tests.sync.waiting import converged, synced, until, until_reason, until_state

Frames = Sequence[bytes | None]


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


async def shared(replica: Replica) -> Space:
    """The default space, shared and synced, with one document."""
    await replica.collection("notes").insert({"n": 0}, id="first")
    space = await replica.share(ADDRESS)
    await synced(space)
    return space


async def pair(replica: Replica, other: Replica) -> tuple[Space, Space]:
    """Two replicas of one space."""
    space = await shared(replica)
    joined = await other.join(await space.invite())
    await converged(space, joined)
    return space, joined


def replacing(kind: type, change: Callable[..., Frames]) -> Tamper:
    """Lie in every message of a kind."""

    def tamper(frame: bytes) -> Frames:
        message = message_of(frame)
        return change(message) if isinstance(message, kind) else (frame,)

    return tamper


async def count(replica: Replica) -> int:
    """How many notes there are."""
    return len([note async for note in replica.collection("notes").find()])


def is_whole(replica: Replica) -> bool:
    """Whether exactly one place is the default one, in which the program works."""
    return sum(space == replica.space for space in replica.spaces) == 1


# --- being away -------------------------------------------------------------------------------------------


async def test_a_relay_that_comes_back_is_found(relay: MemoryRelay, replica: Replica) -> None:
    """Offline while nobody answers, with the reason; local work goes on, and all of it arrives afterwards."""
    space = await shared(replica)
    relay.is_down = True
    await relay.hang_up()
    status = await until_reason(space, "nobody answers")
    assert status.state in {SyncState.OFFLINE, SyncState.CONNECTING}
    await replica.collection("notes").insert({"n": 1}, id="second")
    assert space.status().unsent == 1
    relay.is_down = False
    await synced(space)
    assert (space.status().unsent, space.status().reason) == (0, "")
    assert len(relay.log.items) == 4


async def test_states_follow_each_other(relay: MemoryRelay, replica: Replica) -> None:
    """Private, then connecting, catching up and live; after a break offline and the same again."""
    assert replica.space.status().state is SyncState.PRIVATE
    await replica.space.synced()
    space = await shared(replica)
    seen: list[SyncState] = []

    async def note() -> None:
        async for status in space.statuses():
            if not seen or seen[-1] is not status.state:
                seen.append(status.state)

    noting = asyncio.ensure_future(note())
    await until(lambda: bool(seen))
    await relay.hang_up()
    await until(lambda: len(seen) > 1 and seen[-1] is SyncState.LIVE)
    noting.cancel()
    assert seen == [
        SyncState.LIVE,
        SyncState.OFFLINE,
        SyncState.CONNECTING,
        SyncState.CATCHING_UP,
        SyncState.LIVE,
    ]


async def test_pauses_between_attempts_grow(
    relay: MemoryRelay, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nobody answers each attempt comes later than the one before, up to a bound, and not at once."""
    space = await shared(replica)
    attempts: list[int] = []

    def no_pause(attempt: int, _random: float) -> int:
        attempts.append(attempt)
        return 0

    monkeypatch.setattr("syncore.sync.service.pause_ms", no_pause)
    relay.is_down = True
    await relay.hang_up()
    await until(lambda: len(attempts) >= 12)
    assert attempts == list(range(1, len(attempts) + 1))
    relay.is_down = False
    await synced(space)
    relay.is_down = True
    attempts.clear()
    await relay.hang_up()
    await until(lambda: len(attempts) >= 3)
    assert attempts[:3] == [1, 2, 3]


# --- lies in the handshake --------------------------------------------------------------------------------


async def test_another_relay_at_the_address_gets_nothing(relay: MemoryRelay, replica: Replica) -> None:
    """A relay with another key is told nothing, not even who we are, and the status says what is wrong."""
    space = await shared(replica)
    own_key, relay.signer = relay.signer, SigningKey(bytes(32))
    relay.received.clear()
    await relay.hang_up()
    status = await until_reason(space, "another key")
    assert status.state in {SyncState.OFFLINE, SyncState.CONNECTING}
    assert not relay.received
    await replica.collection("notes").insert({"n": 1})
    relay.signer = own_key
    await synced(space)


HANDSHAKES: dict[str, tuple[Tamper, type[SyncoreError] | None, str]] = {
    "another version": (
        replacing(Hello, lambda hello: (encode_message(replace(hello, version=9)),)),
        UnsupportedVersion,
        "version 9",
    ),
    "garbage": (replacing(Hello, lambda _hello: (b"\xc1 garbage",)), None, ""),
    "nothing but an end": (replacing(Hello, lambda _hello: (None,)), None, "closed"),
    "an oversized hello": (replacing(Hello, lambda _hello: (bytes(5_000),)), None, ""),
    "hello twice": (
        replacing(Hello, lambda hello: (encode_message(hello), encode_message(hello))),
        ProtocolViolation,
        "not allowed",
    ),
    "an end after hello": (replacing(Welcome, lambda _welcome: (None,)), None, "closed"),
    "a proof of another key": (
        replacing(Welcome, lambda welcome: (encode_message(replace(welcome, signature=bytes(64))),)),
        None,
        "",
    ),
    "an answer before the handshake is over": (
        replacing(Welcome, lambda _welcome: (encode_message(Done(request_id=1)),)),
        ProtocolViolation,
        "not allowed",
    ),
    "a fault": (
        replacing(
            Welcome, lambda _welcome: (encode_message(Fault(code=FaultCode.NOT_ADMITTED, detail="no you")),)
        ),
        None,
        "no you",
    ),
}


@pytest.mark.parametrize("case", HANDSHAKES)
async def test_what_is_no_relay_is_said_so(relay: MemoryRelay, replica: Replica, case: str) -> None:
    """Whatever answers instead of a relay, sharing fails with a reason and leaves everything as it was;
    a shared space says the same, tries again where that may help, and nothing is lost.
    """
    tamper, stops, words = HANDSHAKES[case]
    await replica.collection("notes").insert({"n": 0}, id="first")
    relay.tamper = tamper
    with pytest.raises(SyncoreError) as caught:
        await replica.share(ADDRESS)
    assert not isinstance(caught.value, Misused)
    assert words in caught.value.message
    assert replica.space.is_private
    assert is_whole(replica)
    relay.tamper = honest
    space = await replica.share(ADDRESS)
    await synced(space)
    connections = relay.connections
    relay.tamper = tamper
    await relay.hang_up()
    await until(lambda: relay.connections > connections and words in space.status().reason)
    status = await until_failed(space)
    assert (status.state is SyncState.STOPPED) == (stops is not None)
    await replica.collection("notes").insert({"n": 1})
    if stops is not None:
        with pytest.raises(stops):
            await synced(space)
    else:
        relay.tamper = honest
        await synced(space)


async def until_failed(space: Space) -> SpaceStatus:
    """The status once it gives a reason and a decision."""
    await until(
        lambda: bool(space.status().reason) and space.status().state in {SyncState.OFFLINE, SyncState.STOPPED}
    )
    return space.status()


# --- lies in the stream -----------------------------------------------------------------------------------


def _signed_by_a_stranger(items: Items) -> Frames:
    receipt = sign_receipt(decode_receipt(items.receipt).receipt, signer=SigningKey(bytes(32)))
    return (encode_message(replace(items, receipt=encode_receipt(receipt))),)


def _with_a_changed_segment(items: Items) -> Frames:
    """Items whose last segment is changed."""
    last = items.items[-1]
    if not isinstance(last, SegmentItem):
        return (encode_message(items),)
    changed = replace(last, content=last.content[:-1] + bytes([last.content[-1] ^ 1]))
    return (encode_message(replace(items, items=(*items.items[:-1], changed))),)


def _badly_signed(items: Items) -> Frames:
    last = items.items[-1]
    if not isinstance(last, SegmentItem):
        return (encode_message(items),)
    return (encode_message(replace(items, items=(*items.items[:-1], replace(last, signature=bytes(64))))),)


STREAMS: dict[str, tuple[Callable[..., Frames], type[SyncoreError] | None]] = {
    "a truncated frame": (lambda items: (encode_message(items)[:-1],), None),
    "a frame with something behind it": (lambda items: (encode_message(items) + b"\0",), None),
    "an oversized frame": (lambda _items: (bytes(MAX_FRAME_BYTES + 1),), None),
    "an empty frame": (lambda _items: (b"",), None),
    "an unknown frame": (lambda _items: (b"\x92\x63\x01",), None),
    "a frame for relays": (
        lambda items: (
            encode_message(
                Append(request_id=1, space=items.space, item=SegmentItem(content=b"x", signature=bytes(64)))
            ),
        ),
        ProtocolViolation,
    ),
    "a frame twice": (lambda items: (encode_message(items), encode_message(items)), ProtocolViolation),
    "a gap": (
        lambda items: (encode_message(replace(items, first_offset=items.first_offset + 1)),),
        ProtocolViolation,
    ),
    "another space": (lambda items: (encode_message(replace(items, space=bytes(32))),), ProtocolViolation),
    "a stub for nothing": (
        lambda items: (encode_message(replace(items, items=(StubItem(hash=bytes(32)),))),),
        ProtocolViolation,
    ),
    "a stranger's receipt": (_signed_by_a_stranger, ProtocolViolation),
    "a receipt for another log": (_with_a_changed_segment, ProtocolViolation),
    "a bad signature": (_badly_signed, ProtocolViolation),
    "an answer to nothing": (
        lambda items: (encode_message(Stored(request_id=4_000, offset=1)), encode_message(items)),
        ProtocolViolation,
    ),
    "an end in the middle": (lambda _items: (None,), None),
    "a fault": (lambda _items: (encode_message(Fault(code=FaultCode.INTERNAL, detail="sorry")),), None),
}


@pytest.mark.parametrize("case", STREAMS)
async def test_a_lie_in_the_stream_is_not_believed(
    relay: MemoryRelay, replica: Replica, other: Replica, case: str
) -> None:
    """Nothing of a bad frame is merged; the status says what it was; local work goes on; what may pass is
    tried again and then all is well, what cannot is raised by synced().
    """
    change, stops = STREAMS[case]
    _, joined = await pair(replica, other)
    before = await joined.digest()
    relay.tamper = replacing(Items, change)
    relay.tamper = _only_segments(relay.tamper)
    await replica.collection("notes").update("first", n=1)
    status = await until_failed(joined)
    assert (status.state is SyncState.STOPPED) == (stops is not None), status
    assert (await joined.digest() == before) == (case != "a frame twice")
    await other.collection("notes").insert({"n": 2}, id="mine")
    assert joined.status().unsent == 1
    relay.tamper = honest
    if stops is None:
        await asyncio.wait_for(joined.synced(), 20)
    else:
        with pytest.raises(stops):
            await synced(joined)
        assert joined.status().unsent == 1


def _only_segments(tamper: Tamper) -> Tamper:
    """Leave alone what holds no segment in full: acknowledgements of the author."""

    def only(frame: bytes) -> Frames:
        message = message_of(frame)
        is_meant = isinstance(message, Items) and any(isinstance(one, SegmentItem) for one in message.items)
        return tamper(frame) if is_meant else (frame,)

    return only


async def test_a_stopped_space_goes_on_when_opened_anew(
    relay: MemoryRelay, replica: Replica, tmp_path: Path
) -> None:
    """What stopped a space is not stored: opened again with an honest relay, nothing is missing anywhere."""
    space = await shared(replica)
    code = await space.invite()
    async with replica_at(relay, tmp_path, "c") as third:
        joined = await third.join(code)
        await converged(space, joined)
        relay.tamper = _only_segments(replacing(Items, STREAMS["a gap"][0]))
        await replica.collection("notes").insert({"n": 1})
        await until_state(joined, SyncState.STOPPED)
        await third.collection("notes").insert({"n": 2})
    relay.tamper = honest
    async with replica_at(relay, tmp_path, "c") as third:
        await converged(space, third.space)
        assert await count(third) == 3


# --- lies about what is there -----------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [OpenOutcome.LOST, OpenOutcome.DIVERGED])
async def test_a_relay_that_denies_its_log_is_reported(
    relay: MemoryRelay, replica: Replica, outcome: OpenOutcome
) -> None:
    """A relay that denies what it signed and goes on in the same generation is no longer trusted."""
    space = await shared(replica)
    held = len(relay.log.items)

    def denied(opened: Opened) -> Frames:
        return (encode_message(replace(opened, head_offset=5, head_hash=bytes(32), outcome=outcome)),)

    relay.tamper = replacing(Opened, denied)
    await relay.hang_up()
    await until_state(space, SyncState.STOPPED)
    await replica.collection("notes").insert({"n": 1})
    with pytest.raises(DishonestRelay):
        await synced(space)
    assert (len(relay.log.items), space.status().unsent) == (held, 1)


# --- refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", list(RefusalCode))
async def test_a_refused_upload_is_kept_and_explained(
    relay: MemoryRelay, replica: Replica, code: RefusalCode
) -> None:
    """Whatever the reason for which an upload is refused, it stays pending; retryable ones are tried again,
    final ones stop the space with the relay's words. Who says that our number is taken, or does not know the
    space that it has opened, is asked again.
    """
    space = await shared(replica)
    refused: list[int] = []

    def refuse(frame: bytes) -> Frames:
        message = message_of(frame)
        if isinstance(message, Items) and any(isinstance(one, StubItem) for one in message.items):
            appends = [one for one in relay.received if isinstance(one, Append)]
            refused.append(appends[-1].request_id)
            refusal = Refusal(request_id=refused[-1], code=code, is_final=code.is_final, detail="just so")
            return (encode_message(refusal),)
        return (frame,)

    relay.tamper = refuse
    await replica.collection("notes").insert({"n": 1}, id="mine")
    await until(lambda: bool(refused))
    if code.is_final and code not in {RefusalCode.FORK, RefusalCode.UNKNOWN_SPACE, RefusalCode.NOT_MEMBER}:
        status = await until_state(space, SyncState.STOPPED)
        assert "just so" in status.reason
        with pytest.raises(Refused) as caught:
            await synced(space)
        assert caught.value.code == code.value
    else:
        status = await until_reason(space, "just so")
        relay.tamper = honest
        await synced(space)
    document = await replica.collection("notes").get("mine")
    assert document is not None
    assert document["n"] == 1


# --- several spaces ---------------------------------------------------------------------------------------


async def two_spaces(replica: Replica, other: Replica) -> tuple[Space, Space]:
    """Two shared spaces of one replica, its own and one that it joined, at the same relay."""
    own, foreign = await shared(replica), await shared(other)
    joined = await replica.join(await foreign.invite(), default=False)
    await synced(own, joined)
    return own, joined


async def test_what_stops_one_space_does_not_stop_another(
    relay: MemoryRelay, replica: Replica, other: Replica
) -> None:
    """Of two spaces at one relay, only the one that it refuses stops; the other goes on over it."""
    own, joined = await two_spaces(replica, other)

    def refuse(opened: Opened) -> Frames:
        if opened.space.hex() != joined.id:
            return (encode_message(opened),)
        code = RefusalCode.NOT_PERMITTED
        return (encode_message(Refusal(request_id=opened.request_id, code=code, is_final=True, detail="no")),)

    relay.tamper = replacing(Opened, refuse)
    await relay.hang_up()
    await until_state(joined, SyncState.STOPPED)
    await replica.collection("notes").insert({"n": 1})
    await synced(own)
    assert own.status().state is SyncState.LIVE
    assert own.status().reason == ""


async def test_commits_reach_every_relay(tmp_path: Path) -> None:
    """With spaces at two relays, no commit waits because the other relay's task was woken for it."""
    async with relay_in_memory("second") as second:

        class Both:
            """Two relays at two addresses."""

            def __init__(self, first: MemoryRelay) -> None:
                self.first = first

            async def connect(self, address: str) -> object:
                return await (second if address.endswith(":2") else self.first).connect(address)

        async with (
            relay_in_memory("first") as first,
            Replica.open(tmp_path / "x.db", keystore=tmp_path / "x", connector=Both(first)) as one,  # type: ignore[arg-type]
            Replica.open(tmp_path / "y.db", keystore=tmp_path / "y", connector=Both(first)) as two,  # type: ignore[arg-type]
        ):
            own = await one.share("ws://127.0.0.1:1")
            foreign = await two.share("ws://127.0.0.1:2")
            joined = await one.join(
                (await foreign.invite()).partition("@")[0] + "@127.0.0.1:2", default=False
            )
            await synced(own, joined)
            for number in range(60):
                await asyncio.gather(
                    own.collection("notes").insert({"n": number}),
                    joined.collection("notes").insert({"n": number}),
                )
                if number % 3 == 0:
                    await asyncio.sleep(0)
            await synced(own, joined)
            await converged(foreign, joined)


# --- ending -----------------------------------------------------------------------------------------------


async def test_closing_ends_everything_that_waits(relay: MemoryRelay, tmp_path: Path) -> None:
    """Whoever waits for a space when its replica is closed is told so, and does not wait for ever."""
    async with replica_at(relay, tmp_path, "a") as replica:
        space = await shared(replica)
        relay.is_down = True
        await relay.hang_up()
        await replica.collection("notes").insert({"n": 1})
        waiting = asyncio.ensure_future(space.synced())
        await until_reason(space, "nobody")
    with pytest.raises(Closed):
        await asyncio.wait_for(waiting, 5)


async def test_closing_leaves_no_task(relay: MemoryRelay, tmp_path: Path) -> None:
    """Closed at once after opening, with several spaces at one relay, nothing goes on in the background."""
    async with replica_at(relay, tmp_path, "a") as one, replica_at(relay, tmp_path, "b") as two:
        await two_spaces(one, two)
    before = {task for task in asyncio.all_tasks() if "syncore" in task.get_name()}
    assert not before
    for turns in range(12):
        replica = await Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys-a", connector=relay)
        for _ in range(turns):
            await asyncio.sleep(0)
        await replica.close()
        assert not {task for task in asyncio.all_tasks() if "syncore" in task.get_name()}


class StubbornChannel:
    """A channel that breaks just when its reader is cancelled."""

    def __init__(self, channel: FrameChannel) -> None:
        self._channel = channel

    async def send(self, frame: bytes) -> None:
        """Send."""
        await self._channel.send(frame)

    async def receive(self) -> bytes:
        """Receive, or break."""
        try:
            return await self._channel.receive()
        except asyncio.CancelledError:
            raise ConnectionFailed("the connection broke at the worst moment") from None

    async def close(self) -> None:
        """Close."""
        await self._channel.close()


class StubbornConnector:
    """Makes such channels."""

    def __init__(self, relay: MemoryRelay) -> None:
        self._relay = relay

    async def connect(self, address: str) -> FrameChannel:
        """Connect."""
        return StubbornChannel(await self._relay.connect(address))


async def test_closing_while_the_connection_breaks_ends(relay: MemoryRelay, tmp_path: Path) -> None:
    """A connection that fails at the very moment of closing does not make the syncing go on."""
    opening = Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys", connector=StubbornConnector(relay))
    replica = await opening
    await shared(replica)
    await asyncio.wait_for(replica.close(), 10)


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55])
async def test_closing_in_every_phase_loses_nothing(relay: MemoryRelay, tmp_path: Path, turns: int) -> None:
    """Closed after any number of turns of the loop while it syncs, a replica sends the rest next time."""
    async with replica_at(relay, tmp_path, "a") as replica:
        await shared(replica)
        for number in range(5):
            await replica.collection("notes").insert({"n": number})
        for _ in range(turns):
            await asyncio.sleep(0)
    async with replica_at(relay, tmp_path, "a") as replica:
        await replica.collection("notes").insert({"n": 9})
        await synced(replica.space)
        assert await count(replica) == 7
        assert not replica.has_returned_in_time


# --- defects ----------------------------------------------------------------------------------------------


async def test_a_defect_is_never_silent(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that nobody foresaw stops the syncing, is shown, and is raised by synced()."""
    space = await shared(replica)

    def broken(*_arguments: object, **_named: object) -> object:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(SpaceCipher, "seal", broken)
    await replica.collection("notes").insert({"n": 1})
    status = await until_state(space, SyncState.STOPPED)
    assert "defect" in status.reason
    assert "of all things" in status.reason
    with pytest.raises(SyncoreError, match="of all things"):
        await synced(space)
    await replica.collection("notes").insert({"n": 2})
    assert space.status().unsent == 2


async def test_thousands_of_changes_leave_no_tasks(replica: Replica) -> None:
    """Telling of changes of status costs no task each, and somebody who waits sees the last one."""
    space = await shared(replica)
    before = len(asyncio.all_tasks())
    service = replica._services.sync  # noqa: SLF001 - counts what it leaves behind
    waiting = asyncio.ensure_future(service.changed(service.revision))
    await asyncio.sleep(0)
    for _ in range(5_000):
        service._announce()  # noqa: SLF001 - what every change calls
    assert len(asyncio.all_tasks()) <= before + 1
    await asyncio.wait_for(waiting, 5)
    assert space.status().state is SyncState.LIVE


async def test_a_fault_during_uploads_is_no_reason_to_stop(relay: MemoryRelay, replica: Replica) -> None:
    """A relay that goes away while many segments are on their way is only away."""
    space = await shared(replica)
    for round_ in range(10):
        faults = [0]

        def stopping(frame: bytes, faults: list[int] = faults) -> Frames:
            if isinstance(message_of(frame), Items) and not faults[0]:
                faults[0] = 1
                return (encode_message(Fault(code=FaultCode.SHUTTING_DOWN, detail="bye")), None)
            return (frame,)

        relay.tamper = stopping
        for number in range(8):
            await replica.collection("notes").insert({"n": number, "blob": bytes(70_000)})
            for _ in range(round_):
                await asyncio.sleep(0)
        await until(lambda faults=faults: bool(faults[0]))  # type: ignore[misc]
        await synced(space)


# --- joining ----------------------------------------------------------------------------------------------


JOINS: dict[str, tuple[type, Callable[..., Frames]]] = {
    "an end instead of the slot": (Slot, lambda _slot: (None,)),
    "a slot of nothing": (Slot, lambda slot: (encode_message(replace(slot, sealed=bytes(173))),)),
    "a fault": (Slot, lambda _slot: (encode_message(Fault(code=FaultCode.OVERLOADED, detail="busy")),)),
    "an answer of another kind": (
        Slot,
        lambda slot: (encode_message(Stored(request_id=slot.request_id, offset=1)),),
    ),
    "an end instead of the acceptance": (Stored, lambda _stored: (None,)),
}


@pytest.mark.parametrize("case", JOINS)
async def test_a_join_that_fails_can_be_repeated(
    relay: MemoryRelay, replica: Replica, other: Replica, case: str
) -> None:
    """A relay that cheats a joiner gets an error and leaves the replica as it was; then the code works."""
    space = await shared(replica)
    code = await space.invite()
    kind, change = JOINS[case]
    relay.tamper = replacing(kind, change)
    with pytest.raises(SyncoreError) as caught:
        await asyncio.wait_for(other.join(code), 10)
    assert not isinstance(caught.value, Misused)
    assert [one.is_private for one in other.spaces] == [True]
    relay.tamper = honest
    joined = await other.join(code)
    await converged(space, joined)


async def test_a_share_that_fails_can_be_repeated(relay: MemoryRelay, replica: Replica) -> None:
    """A relay that cheats whoever makes a space leaves it private, whole, and shareable elsewhere."""
    await replica.collection("notes").insert({"n": 0}, id="first")
    cases: list[tuple[type, Callable[..., Frames]]] = [
        (Opened, lambda _opened: (None,)),
        (Items, lambda _items: (None,)),
        (Items, lambda items: (encode_message(replace(items, items=items.items[:1])),)),
        (Items, lambda items: (encode_message(items)[:-3],)),
        (
            Opened,
            lambda opened: (
                encode_message(
                    Refusal(
                        request_id=opened.request_id,
                        code=RefusalCode.QUOTA_EXCEEDED,
                        is_final=False,
                        detail="full",
                    )
                ),
            ),
        ),
    ]
    for kind, change in cases:
        relay.tamper = replacing(kind, change)
        with pytest.raises((ConnectionFailed, Malformed, ProtocolViolation, Refused)):
            await asyncio.wait_for(replica.share(ADDRESS), 10)
        assert replica.space.is_private
    relay.tamper = honest
    await synced(await replica.share(ADDRESS))
    document = await replica.collection("notes").get("first")
    assert document is not None


async def test_a_relay_may_allow_little(relay: MemoryRelay, replica: Replica) -> None:
    """A relay that takes few requests at once gets few at once; everything arrives in the end."""
    space = await shared(replica)

    relay.limits = SessionLimits(requests=2)
    await relay.hang_up()
    await until(lambda: relay.connections > 2 and space.status().state is SyncState.LIVE)
    for number in range(40):
        await replica.collection("notes").insert({"n": number, "blob": bytes(70_000)})
    await synced(space)
