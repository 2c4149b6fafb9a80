"""The asyncio shell around a session: rules, pauses, and how a connection ends."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from relay.appender import Appender
from relay.config import MAX_WAITING_REPLIES, RelayConfig, Timeouts
from relay.connection import Connection
from relay.services import Services
from relay.spaces import Spaces
from relay.store import Store
from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.codec.packing import pack
from syncore.core.identifiers import SpaceId
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.client_events import FaultReceived, ItemsReceived, SpaceOpened
from syncore.protocol.client_session import ClientSession
from syncore.protocol.items import SegmentItem
from syncore.protocol.message_codec import decode_message, encode_message
from syncore.protocol.messages import Append, Fault, Hello, Identify, Open
from syncore.protocol.refusal_codes import FaultCode
from tests.relay.device import PATIENCE_SECONDS, Device, TestSpace, connected, key, running_relay

OWNER = key("owner")


async def ending(websocket: ClientConnection) -> tuple[FaultCode, int]:
    """The fault and the close code that end a connection."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        messages = [decode_message(frame, 2**22) async for frame in closing_frames(websocket)]
    assert isinstance(messages[-1], Fault)
    assert websocket.close_code is not None
    return messages[-1].code, websocket.close_code


async def closing_frames(websocket: ClientConnection) -> AsyncIterator[bytes]:
    """What comes until the connection is closed, however it is."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            yield await websocket.recv(decode=False)


UNIDENTIFIED = [
    (b"", FaultCode.MALFORMED),
    (b"\xc1", FaultCode.MALFORMED),
    (bytes(1024), FaultCode.MALFORMED),
    ("text", FaultCode.MALFORMED),
    (pack([99]), FaultCode.MALFORMED),
    (pack([14, 1]), FaultCode.VIOLATION),
    (
        encode_message(Open(request_id=1, space=SpaceId(bytes(32)), cursor=None, receipt=b"", control_seq=0)),
        FaultCode.VIOLATION,
    ),
    (encode_message(Hello(version=1, relay_key=bytes(32), nonce=bytes(32))), FaultCode.VIOLATION),
    (
        encode_message(Identify(device_key=OWNER.public, nonce=bytes(32), token=b"", signature=bytes(64))),
        FaultCode.UNAUTHENTICATED,
    ),
]


@pytest.mark.parametrize(("frame", "code"), UNIDENTIFIED)
async def test_what_is_no_handshake_is_told_so_and_closed(
    tmp_path: Path, frame: bytes | str, code: FaultCode
) -> None:
    """Each wrong frame of a stranger gets its fault and close code 1008."""
    async with running_relay(tmp_path) as relay, connect(relay.address) as websocket:
        await websocket.send(frame)
        assert await ending(websocket) == (code, 1008)


async def test_mutated_frames_end_one_connection_and_nothing_else(tmp_path: Path) -> None:
    """Members that send broken frames get a fault or a refusal; the relay goes on serving everybody."""
    chance = random.Random(7)
    async with running_relay(tmp_path) as relay, connected(relay.address, OWNER) as witness:
        space = TestSpace(OWNER, relay.public_key)
        await witness.create(space)
        for _ in range(30):
            async with connected(relay.address, OWNER) as device:
                device.session.open_space(space.id, cursor=None)
                device.session.append_segment(space.segment(incarnation=chance.getrandbits(32)))
                device.session.append_record(space.invite(key("invitation")))
                device.session.create_space(TestSpace(OWNER, relay.public_key, name="x").genesis, space.relay)
                device.session.redeem(key("invitation"), bytes(16))
                for frame in device.session.data_to_send():
                    broken = bytearray(frame)
                    for _ in range(chance.choice((0, 1, 1, 3))):
                        broken[chance.randrange(len(broken))] = chance.getrandbits(8)
                    try:
                        await device.websocket.send(bytes(broken[: chance.choice((None, None, -1, 40))]))
                    except ConnectionClosed:
                        break
        events = await witness.append(space.segment(incarnation=1))
        assert isinstance(events[-1], ItemsReceived)


async def test_a_reader_that_stops_reading_is_dropped_and_holds_up_nobody(tmp_path: Path) -> None:
    """After the send timeout the stopped reader is gone; meanwhile another one gets every group at once."""
    async with (
        running_relay(tmp_path, timeouts=Timeouts(send=0.3, close=0.1)) as relay,
        connected(relay.address, OWNER) as writer,
        connected(relay.address, OWNER) as reader,
        connected(relay.address, OWNER, max_queue=1) as stopped,
    ):
        space = TestSpace(OWNER, relay.public_key)
        created = await writer.create(space)
        for device in (reader, stopped):
            device.session.open_space(space.id, cursor=created.cursor)
            await device.expect(SpaceOpened)
        stopped.websocket.transport.pause_reading()
        for _ in range(20):
            segment = space.segment(filling=bytes(1_000_000))
            await writer.append(segment)
            received = await reader.expect(ItemsReceived)
            assert received.items[0].content == segment
        while relay.connection_count == 3:  # noqa: ASYNC110 - the relay tells nobody
            await asyncio.sleep(0.01)
        stopped.websocket.transport.resume_reading()
        assert [frame async for frame in closing_frames(stopped.websocket)]
        assert stopped.websocket.close_code == 1006


async def read_to_the_end(device: Device) -> tuple[int, FaultCode]:
    """How many items come, and the fault behind them."""
    count = 0
    while isinstance(event := await device.next_event(), ItemsReceived):
        count += len(event.items)
    assert isinstance(event, FaultReceived)
    assert not [frame async for frame in closing_frames(device.websocket)]
    return count, event.code


async def test_a_stopping_relay_acknowledges_what_it_was_sent(tmp_path: Path) -> None:
    """What a stopping relay had read is acknowledged, however much more waits to be sent; then comes 1001."""
    async with contextlib.AsyncExitStack() as clients:
        async with running_relay(tmp_path, timeouts=Timeouts(close=3600, drain=3600)) as relay:
            space = TestSpace(OWNER, relay.public_key)
            writer = await clients.enter_async_context(connected(relay.address, OWNER, close_timeout=None))
            await writer.create(space)
            for _ in range(250):
                writer.session.append_segment(space.segment(filling=bytes(50_000)))
            flushing = asyncio.ensure_future(writer.flush())
            first = await writer.expect(ItemsReceived)
            reading = asyncio.ensure_future(read_to_the_end(writer))
        count, fault = await reading
        assert fault is FaultCode.SHUTTING_DOWN
        assert writer.websocket.close_code == 1001
        await asyncio.wait([flushing])
    async with running_relay(tmp_path) as relay, connected(relay.address, OWNER) as device:
        device.session.open_space(space.id, cursor=None)
        opened = await device.expect(SpaceOpened)
        assert opened.head.offset == 2 + len(first.items) + count


async def test_a_stopping_relay_sends_the_backlog_before_an_acknowledgement(tmp_path: Path) -> None:
    """An upload behind items that its uploader has not read yet is acknowledged before the end."""
    async with contextlib.AsyncExitStack() as clients:
        async with running_relay(tmp_path) as relay:
            space = TestSpace(OWNER, relay.public_key)
            witness = await clients.enter_async_context(connected(relay.address, OWNER))
            slow = await clients.enter_async_context(connected(relay.address, OWNER, max_queue=1))
            await witness.create(space)
            for _ in range(20):
                await witness.append(space.segment(filling=bytes(1_000_000)))
            slow.session.open_space(space.id, cursor=None)
            await slow.expect(SpaceOpened)
            slow.websocket.transport.pause_reading()
            slow.session.append_segment(space.segment())
            await slow.flush()
            await witness.expect(ItemsReceived)
            slow.websocket.transport.resume_reading()
            reading = asyncio.ensure_future(read_to_the_end(slow))
            watching = asyncio.ensure_future(read_to_the_end(witness))
        assert await reading == (2 + 20 + 1, FaultCode.SHUTTING_DOWN)
        assert await watching == (0, FaultCode.SHUTTING_DOWN)


class StuckChannel:
    """A channel whose client sends all the time, and reads only while it is told to."""

    def __init__(self, device: SigningKey) -> None:
        self.session = ClientSession(signer=device, nonce=bytes(32), verify=verify, now_ms=0)
        self.is_reading = asyncio.Event()
        self.is_reading.set()
        self.frames: asyncio.Queue[bytes] = asyncio.Queue()
        self.read = 0
        self.answers = 0
        self.peer = "test"
        self.is_limit_raised = False

    async def receive(self) -> bytes:
        """The client's next frame."""
        frame = await self.frames.get()
        self.read += 1
        return frame

    async def send(self, frame: bytes) -> None:
        """The client takes a frame, once it reads."""
        await self.is_reading.wait()
        self.answers += 1
        if not self.session.is_ready:
            self.session.receive_data(frame)
        for answer in self.session.data_to_send():
            self.frames.put_nowait(answer)

    def raise_frame_limit(self) -> None:
        """The client is known."""
        self.is_limit_raised = True

    async def close(self, code: int) -> None:
        """Nothing to close."""

    def abort(self) -> None:
        """Nothing to end."""


async def until_quiet(count: Callable[[], int]) -> int:
    """Let the loop run until a count stands still."""
    seen = -1
    while seen != count():
        seen = count()
        for _ in range(50):
            await asyncio.sleep(0)
    return seen


async def test_a_client_that_reads_no_answers_is_not_read_any_more() -> None:
    """Where answers pile up unread the relay stops reading; once they are read, every request is answered."""
    services = Services(
        config=RelayConfig(store=Path()),
        store=cast("Store", None),
        spaces=cast("Spaces", None),
        appender=cast("Appender", None),
        signer=key("relay"),
        clock=SystemClock(),
        entropy=SystemEntropy(),
    )
    channel = StuckChannel(OWNER)
    connection = Connection(channel, services)
    running = asyncio.ensure_future(connection.run())
    await until_quiet(lambda: channel.answers)
    assert channel.session.is_ready
    assert channel.is_limit_raised
    handshake = channel.answers
    channel.is_reading.clear()
    junk = SegmentItem(content=bytes(99), signature=bytes(64))
    for number in range(1, 3 * MAX_WAITING_REPLIES + 1):
        frame = encode_message(Append(request_id=number, space=SpaceId(bytes(32)), item=junk))
        channel.frames.put_nowait(frame)
    assert await until_quiet(lambda: channel.read) <= MAX_WAITING_REPLIES + 3
    channel.is_reading.set()
    assert await until_quiet(lambda: channel.answers) == handshake + 3 * MAX_WAITING_REPLIES
    running.cancel()
    await asyncio.wait([running])
