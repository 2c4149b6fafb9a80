"""What goes wrong in the network: weather between a device and the relay, and partitions."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from simulations.network.weather import CALM, Weather
from simulations.plan import Fault, Happening

if TYPE_CHECKING:
    from simulations.network.host import Host
    from simulations.world import World

Change = Callable[[Weather, random.Random], Weather]


def _weather(change: Change) -> "Callable[[World, Happening], Awaitable[None]]":
    async def happen(world: "World", happening: Happening) -> None:
        """The weather between a device and the relay is bad for a while, both ways or one way."""
        draw = random.Random(happening.seed)
        network = world.around.network
        device, relay = _hosts(world, happening)
        ways = draw.choice([[(device, relay)], [(relay, device)], [(device, relay), (relay, device)]])
        for source, destination in ways:
            network.set_weather(change(CALM, draw), source=source, destination=destination)
        await asyncio.sleep(happening.duration_s)
        for source, destination in ways:
            network.set_weather(CALM, source=source, destination=destination)

    return happen


async def partition(world: "World", happening: Happening) -> None:
    """Nothing gets through between some devices and the relay, for a while."""
    await _cut(world, happening, is_one_way=False)


async def partition_one_way(world: "World", happening: Happening) -> None:
    """Nothing gets through in one direction, for a while."""
    await _cut(world, happening, is_one_way=True)


async def _cut(world: "World", happening: Happening, *, is_one_way: bool) -> None:
    draw = random.Random(happening.seed)
    device, relay = _hosts(world, happening)
    others = [person.machine.hardware.host for person in world.people if draw.random() < 0.3]
    side = [device, *(host for host in others if host is not device)]
    sides = (side, [relay])
    if is_one_way and draw.random() < 0.5:
        sides = ([relay], side)
    cut = world.around.network.partition(*sides, is_one_way=is_one_way)
    await asyncio.sleep(happening.duration_s / 2)
    world.back_up(world.people[happening.device])
    await asyncio.sleep(happening.duration_s / 2)
    cut.end()


def _hosts(world: "World", happening: Happening) -> "tuple[Host, Host]":
    return world.people[happening.device].machine.hardware.host, world.relay.hardware.host


HAPPENINGS = {
    Fault.DELAY: _weather(lambda calm, draw: replace(calm, delay_s=(0.2, 2.0), jitter_s=draw.uniform(0, 5))),
    Fault.LOSS: _weather(lambda calm, draw: replace(calm, loss=draw.uniform(0.02, 0.6))),
    Fault.REORDERING: _weather(lambda calm, draw: replace(calm, reordering=draw.uniform(0.05, 0.5))),
    Fault.DUPLICATION: _weather(lambda calm, draw: replace(calm, duplication=draw.uniform(0.05, 0.5))),
    Fault.CORRUPTION: _weather(lambda calm, draw: replace(calm, corruption=draw.uniform(0.02, 0.3))),
    Fault.HALF_OPEN: _weather(lambda calm, draw: replace(calm, half_open=draw.uniform(0.05, 0.5))),
    Fault.SLOW_READER: _weather(
        lambda calm, draw: replace(calm, frames_per_second=draw.uniform(0.05, 1), bytes_per_second=2_000)
    ),
    Fault.PARTITION: partition,
    Fault.ONE_WAY: partition_one_way,
}
