"""What every channel of a relay's client keeps to, over a loopback socket and in the simulated network."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any, NamedTuple

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from relay.adapters.websocket_channel import WebsocketClientChannel
from relay.channel import NO_FRAME, ClientChannel
from relay.config import RECEIVE_QUEUE_FRAMES, WRITE_BUFFER_BYTES
from simulations.network.network import Network
from syncore.adapters.websockets_connector import WebsocketsConnector
from syncore.core.errors import ConnectionFailed
from syncore.core.limits import MAX_FRAME_BYTES, MAX_UNAUTHENTICATED_FRAME_BYTES
from syncore.core.ports import FrameChannel


class Pair(NamedTuple):
    """A client's end, and the relay's end of the same connection."""

    client: FrameChannel
    relay: ClientChannel
    peer: str


@asynccontextmanager
async def websocket_pair() -> AsyncIterator[Pair]:
    """Both ends of a websocket that is set up as the relay's endpoint does it."""
    accepted: asyncio.Future[WebsocketClientChannel] = asyncio.get_running_loop().create_future()

    async def accept(websocket: ServerConnection) -> None:
        accepted.set_result(WebsocketClientChannel(websocket))
        await websocket.wait_closed()

    options: dict[str, Any] = {"max_queue": RECEIVE_QUEUE_FRAMES, "write_limit": WRITE_BUFFER_BYTES}
    async with serve(
        accept, "127.0.0.1", 0, compression=None, max_size=MAX_UNAUTHENTICATED_FRAME_BYTES, **options
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        client = await WebsocketsConnector().connect(f"ws://127.0.0.1:{port}")
        yield Pair(client, await accepted, "127.0.0.1")
        await client.close()


@asynccontextmanager
async def simulated_pair() -> AsyncIterator[Pair]:
    """Both ends of a connection in the simulated network."""
    network = Network(asyncio.get_running_loop(), Random(0))
    ended = asyncio.Event()
    accepted: asyncio.Future[ClientChannel] = asyncio.get_running_loop().create_future()

    async def accept(channel: ClientChannel) -> None:
        accepted.set_result(channel)
        await ended.wait()

    async with asyncio.TaskGroup() as tasks:
        network.host("relay").listen("ws://relay:1", accept, tasks)
        client = await network.host("device").connector().connect("ws://relay:1")
        yield Pair(client, await accepted, "device")
        ended.set()


@pytest.fixture(params=[websocket_pair, simulated_pair])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    """A connection."""
    async with request.param() as both:
        yield both


async def test_frames_go_both_ways_whole_and_in_order(pair: Pair) -> None:
    """Frames of every allowed size arrive as they were sent, in both directions at once."""
    pair.relay.raise_frame_limit()
    sizes = [0, 1, 125, 126, 65_535, 65_536, 1_000_000, MAX_FRAME_BYTES]
    frames = [bytes([index]) * size for index, size in enumerate(sizes)]

    async def send(channel: FrameChannel | ClientChannel) -> None:
        for frame in frames:
            await channel.send(frame)

    async def receive(channel: FrameChannel | ClientChannel) -> None:
        for frame in frames:
            assert await channel.receive() == frame

    async with asyncio.TaskGroup() as tasks:
        for channel in (pair.client, pair.relay):
            tasks.create_task(send(channel))
            tasks.create_task(receive(channel))


async def test_the_peer_has_a_name(pair: Pair) -> None:
    """Logs name the client's host."""
    assert pair.relay.peer == pair.peer


async def test_a_stranger_s_frame_over_the_limit_ends_the_connection(pair: Pair) -> None:
    """The largest allowed frame arrives; a longer one is the end for the relay, and 1009 for the client."""
    await pair.client.send(bytes(MAX_UNAUTHENTICATED_FRAME_BYTES))
    assert len(await pair.relay.receive()) == MAX_UNAUTHENTICATED_FRAME_BYTES
    await pair.client.send(bytes(MAX_UNAUTHENTICATED_FRAME_BYTES + 1))
    with pytest.raises(ConnectionFailed):
        await pair.relay.receive()
    with pytest.raises(ConnectionFailed):
        await pair.relay.send(b"x")
    with pytest.raises(ConnectionFailed, match="1009"):
        await pair.client.receive()


async def test_a_raised_limit_is_a_limit(pair: Pair) -> None:
    """After authentication a frame over the limit of frames ends the connection too."""
    pair.relay.raise_frame_limit()
    sending = asyncio.ensure_future(pair.client.send(bytes(MAX_FRAME_BYTES + 1)))
    with pytest.raises(ConnectionFailed):
        await pair.relay.receive()
    await asyncio.gather(sending, return_exceptions=True)


async def test_what_was_sent_before_the_end_is_received(pair: Pair) -> None:
    """Frames in front of the client's goodbye arrive, then every use of the relay's end raises."""
    await pair.client.send(b"first")
    await pair.client.send(b"last")
    closing = asyncio.ensure_future(pair.client.close())
    assert [await pair.relay.receive() for _ in range(2)] == [b"first", b"last"]
    for _ in range(2):
        with pytest.raises(ConnectionFailed):
            await pair.relay.receive()
    with pytest.raises(ConnectionFailed):
        await pair.relay.send(b"too late")
    await closing


async def test_closing_tells_the_client_why(pair: Pair) -> None:
    """The close code arrives behind what was sent; closing twice, at once and afterwards, is nothing."""
    await pair.relay.send(b"last")
    closing = asyncio.ensure_future(asyncio.gather(pair.relay.close(1001), pair.relay.close(1001)))
    assert await pair.client.receive() == b"last"
    with pytest.raises(ConnectionFailed) as failed:
        await pair.client.receive()
    assert failed.value.details["code"] == 1001
    await closing
    await pair.relay.close(1011)


async def test_closing_throws_away_what_still_comes(pair: Pair) -> None:
    """A client that sends all the time and is not read any more does not hold up the goodbye."""
    pair.relay.raise_frame_limit()
    async with asyncio.timeout(20):

        async def send_for_ever() -> None:
            while True:
                await pair.client.send(bytes(10_000))

        async def read() -> None:
            while True:
                await pair.client.receive()

        both = [asyncio.ensure_future(send_for_ever()), asyncio.ensure_future(read())]
        await asyncio.sleep(0.05)
        await pair.relay.close(1008)
        for ended in await asyncio.gather(*both, return_exceptions=True):
            assert isinstance(ended, ConnectionFailed)
            assert ended.details["code"] == 1008


async def test_an_abort_ends_both_ends(pair: Pair) -> None:
    """After an abort nothing more is sent or received at either end; once more is nothing."""
    waiting = asyncio.ensure_future(pair.client.receive())
    await asyncio.sleep(0)
    pair.relay.abort()
    pair.relay.abort()
    with pytest.raises(ConnectionFailed):
        await waiting
    with pytest.raises(ConnectionFailed):
        await pair.relay.receive()
    await pair.relay.close(1000)


async def test_a_cancelled_receiver_loses_nothing(pair: Pair) -> None:
    """A frame that comes after a receiver was cancelled is there for the next one."""
    waiting = asyncio.ensure_future(pair.relay.receive())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    await pair.client.send(b"frame")
    assert await pair.relay.receive() == b"frame"


async def test_a_sender_waits_for_a_client_that_does_not_read(pair: Pair) -> None:
    """A relay is rid of a bounded number of bytes, and of the rest when the client reads again."""
    sent = 0

    async def send_all() -> None:
        nonlocal sent
        for _ in range(100):
            await pair.relay.send(bytes(1_000_000))
            sent += 1

    sending = asyncio.ensure_future(send_all())
    await asyncio.sleep(0.2)
    assert sent < 60
    for _ in range(100):
        assert len(await pair.client.receive()) == 1_000_000
    await sending


async def test_text_is_no_frame() -> None:
    """A text message, which only a websocket can carry, comes as what no session takes for a message."""
    accepted: asyncio.Future[WebsocketClientChannel] = asyncio.get_running_loop().create_future()

    async def accept(websocket: ServerConnection) -> None:
        accepted.set_result(WebsocketClientChannel(websocket))
        await websocket.wait_closed()

    async with serve(accept, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}") as websocket:
            await websocket.send("text")
            assert await (await accepted).receive() == NO_FRAME
