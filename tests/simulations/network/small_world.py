"""Two hosts, one connection, and both of its ends."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

import pytest

from relay.channel import ClientChannel
from simulations.network.channels import SimulatedChannel, SimulatedClientChannel
from simulations.network.host import Host
from simulations.network.medium import NetworkEvent
from simulations.network.network import Network
from simulations.network.settings import RELAY, EndSettings
from simulations.network.weather import CALM, Weather
from syncore.core.errors import ConnectionFailed
from syncore.core.ports import FrameChannel

ADDRESS = "ws://server:1"


@dataclass(frozen=True)
class SmallWorld:
    """A client that is connected to a server, whose end may be sent frames of every allowed size."""

    network: Network
    client: Host
    server: Host
    near: SimulatedChannel
    far: SimulatedClientChannel


def now_s() -> float:
    """The loop's time."""
    return asyncio.get_running_loop().time()


def new_network(seed: object = 0, trace: list[NetworkEvent] | None = None) -> Network:
    """A network on the running loop."""
    network = Network(asyncio.get_running_loop(), Random(str(seed)))
    if trace is not None:
        network.observe = trace.append
    return network


@asynccontextmanager
async def listening(network: Network, *, settings: EndSettings = RELAY) -> AsyncIterator[list[ClientChannel]]:
    """A server host that accepts everybody until the end of the block; its ends as they come."""
    channels: list[ClientChannel] = []

    async def accept(channel: ClientChannel) -> None:
        channels.append(channel)
        await asyncio.Event().wait()

    async def serve() -> None:
        async with asyncio.TaskGroup() as tasks:
            network.host("server").listen(ADDRESS, accept, tasks, settings=settings)
            await asyncio.Event().wait()

    serving = asyncio.ensure_future(serve())
    await asyncio.sleep(0)
    try:
        yield channels
    finally:
        serving.cancel()
        await asyncio.wait([serving])


@asynccontextmanager
async def connected(
    *,
    seed: object = 0,
    weather: Weather = CALM,
    settings: EndSettings = RELAY,
    trace: list[NetworkEvent] | None = None,
) -> AsyncIterator[SmallWorld]:
    """A connection in calm weather, which then changes."""
    network = new_network(seed, trace)
    client, server = network.host("client"), network.host("server")
    async with listening(network, settings=settings) as channels:
        near = await client.connector().connect(ADDRESS)
        far = channels[0]
        assert isinstance(far, SimulatedClientChannel)
        far.raise_frame_limit()
        network.set_weather(weather)
        yield SmallWorld(network, client, server, near, far)


def numbered(count: int, size_bytes: int = 8) -> list[bytes]:
    """Different frames."""
    return [number.to_bytes(4, "big").ljust(size_bytes, b".") for number in range(count)]


async def send_all(channel: FrameChannel | ClientChannel, frames: Sequence[bytes]) -> None:
    """Send until everything is sent or the connection ends."""
    for frame in frames:
        await channel.send(frame)


async def receive_all(channel: FrameChannel | ClientChannel) -> list[bytes]:
    """What comes until the connection ends."""
    received = []
    try:
        while True:
            received.append(await channel.receive())
    except ConnectionFailed:
        return received


async def carried(world: SmallWorld, frames: Sequence[bytes]) -> list[bytes]:
    """What comes out at the far end of frames that are sent at once and followed by a goodbye."""
    receiving = asyncio.ensure_future(receive_all(world.far))
    await send_all(world.near, frames)
    await world.near.close()
    return await receiving


async def broken_after_s(channel: FrameChannel | ClientChannel) -> float:
    """How long until an end that only waits is told that its connection is over."""
    began_s = now_s()
    with pytest.raises(ConnectionFailed):
        await channel.receive()
    return now_s() - began_s
