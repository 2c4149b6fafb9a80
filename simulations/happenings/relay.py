"""What goes wrong with the relay: deaths, lost and restored stores, and lies."""

import asyncio
import random
from typing import TYPE_CHECKING

from simulations.plan import Fault, Happening

if TYPE_CHECKING:
    from simulations.world import World


async def kill(world: "World", happening: Happening) -> None:
    """It is killed before one of its next disk operations, and started again after a while."""
    await _die(world, happening, is_power_cut=False)


async def cut_power(world: "World", happening: Happening) -> None:
    """Its power goes before one of its next disk operations, and comes back after a while."""
    await _die(world, happening, is_power_cut=True)


async def _die(world: "World", happening: Happening, *, is_power_cut: bool) -> None:
    hardware = world.relay.hardware
    hardware.die_at(random.Random(happening.seed).randrange(1, 40), is_power_cut=is_power_cut)
    await asyncio.sleep(happening.duration_s)
    hardware.die(is_power_cut=is_power_cut)
    await world.relay.start()


HAPPENINGS = {
    Fault.RELAY_KILL: kill,
    Fault.RELAY_POWER_CUT: cut_power,
}
