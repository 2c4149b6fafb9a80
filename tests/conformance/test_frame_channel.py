"""What every frame channel keeps to, over a real loopback socket, in memory and in the simulated network."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest
from websockets.asyncio.server import ServerConnection, serve

from relay.channel import ClientChannel
from simulations.network.channels import SimulatedChannel, SimulatedClientChannel
from simulations.network.network import Network
from syncore.adapters.memory_channel import memory_channel_pair
from syncore.adapters.websockets_connector import WebsocketChannel, WebsocketsConnector
from syncore.core.errors import ConnectionFailed, Malformed
from syncore.core.limits import MAX_FRAME_BYTES
from syncore.core.ports import FrameChannel

Pair = tuple[FrameChannel, FrameChannel]


@asynccontextmanager
async def websocket_pair() -> AsyncIterator[Pair]:
    """Both ends of a websocket, the far one without a limit on what it may send."""
    far: asyncio.Future[WebsocketChannel] = asyncio.get_running_loop().create_future()

    async def accept(connection: ServerConnection) -> None:
        far.set_result(WebsocketChannel(connection))
        await connection.wait_closed()

    async with serve(accept, "127.0.0.1", 0, compression=None, max_size=MAX_FRAME_BYTES) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        near = await WebsocketsConnector().connect(f"ws://127.0.0.1:{port}")
        yield near, await far
        await near.close()


@asynccontextmanager
async def memory_pair() -> AsyncIterator[Pair]:
    """Both ends of a channel in memory."""
    yield memory_channel_pair()


@asynccontextmanager
async def simulated_pair() -> AsyncIterator[Pair]:
    """Both ends of a connection in the simulated network, the far one without the bound of a relay."""
    network = Network(asyncio.get_running_loop(), Random(0))
    ended = asyncio.Event()
    accepted: asyncio.Future[ClientChannel] = asyncio.get_running_loop().create_future()

    async def accept(channel: ClientChannel) -> None:
        accepted.set_result(channel)
        await ended.wait()

    async with asyncio.TaskGroup() as tasks:
        network.host("far").listen("ws://far:1", accept, tasks)
        near = await network.host("near").connector().connect("ws://far:1")
        far = await accepted
        assert isinstance(far, SimulatedClientChannel)
        far.raise_frame_limit()
        yield near, SimulatedChannel(far.end)
        ended.set()


@pytest.fixture(params=[websocket_pair, memory_pair, simulated_pair])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    """Two connected channels."""
    async with request.param() as both:
        yield both


async def test_frames_arrive_whole_and_in_order(pair: Pair) -> None:
    """Frames of every size up to the limit arrive as they were sent, in both directions at once."""
    sizes = [0, 1, 125, 126, 65_535, 65_536, 1_000_000, MAX_FRAME_BYTES]
    frames = [bytes([index]) * size for index, size in enumerate(sizes)]

    async def send_all(channel: FrameChannel) -> None:
        for frame in frames:
            await channel.send(frame)

    async def receive_all(channel: FrameChannel) -> None:
        for frame in frames:
            assert await channel.receive() == frame

    async with asyncio.TaskGroup() as tasks:
        for channel in pair:
            tasks.create_task(send_all(channel))
            tasks.create_task(receive_all(channel))


async def test_a_sender_waits_for_a_reader_that_does_not_read(pair: Pair) -> None:
    """Without a reader, sending stops before it has taken up a hundred megabytes, and goes on when
    he reads.
    """
    near, far = pair
    sent = 0

    async def send_all() -> None:
        nonlocal sent
        for _ in range(100):
            await near.send(bytes(1_000_000))
            sent += 1

    sending = asyncio.ensure_future(send_all())
    seen = -1
    while seen < sent:  # until nothing moves in many turns of the loop
        seen = sent
        for _ in range(500):
            await asyncio.sleep(0)
    assert sent < 60
    for _ in range(100):
        assert len(await far.receive()) == 1_000_000
    await sending


async def test_what_was_sent_before_the_end_is_received(pair: Pair) -> None:
    """Frames sent before a close arrive, then every further use of either end raises ConnectionFailed."""
    near, far = pair
    await near.send(b"first")
    await near.send(b"last")
    closing = asyncio.ensure_future(near.close())
    assert await far.receive() == b"first"
    assert await far.receive() == b"last"
    for _ in range(2):
        with pytest.raises(ConnectionFailed):
            await far.receive()
    await closing
    for channel in pair:
        with pytest.raises(ConnectionFailed):
            await channel.send(b"too late")
        with pytest.raises(ConnectionFailed):
            await channel.receive()


async def test_closing_is_idempotent_and_wakes_who_waits(pair: Pair) -> None:
    """Both ends may close, twice and at once, and a receiver that waits gets ConnectionFailed."""
    near, far = pair
    waiting = [asyncio.ensure_future(channel.receive()) for channel in pair]
    await asyncio.sleep(0)
    await asyncio.gather(near.close(), far.close(), near.close())
    await near.close()
    for ended in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(ended, ConnectionFailed)


async def test_a_frame_over_the_limit_breaks_the_connection(pair: Pair) -> None:
    """A longer frame than allowed is Malformed for its receiver, and nothing comes after it."""
    near, far = pair
    sending = asyncio.ensure_future(far.send(bytes(MAX_FRAME_BYTES + 1)))
    with pytest.raises(Malformed):
        await near.receive()
    with pytest.raises((ConnectionFailed, Malformed)):
        await near.receive()
    with pytest.raises((ConnectionFailed, Malformed)):
        await near.send(b"x")
    await asyncio.gather(sending, return_exceptions=True)


async def test_a_cancelled_receiver_loses_nothing(pair: Pair) -> None:
    """A frame that comes after a receiver was cancelled is there for the next one."""
    near, far = pair
    waiting = asyncio.ensure_future(far.receive())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    await near.send(b"frame")
    assert await far.receive() == b"frame"
