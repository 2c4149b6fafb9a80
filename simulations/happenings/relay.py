"""What goes wrong with the relay: deaths, lost and restored stores, and lies."""

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulations.disk.disk import Disk
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


async def wipe(world: "World", happening: Happening) -> None:
    """Its disk is gone, but for the key, of which there is a copy; devices give it back what they have."""
    del happening
    await _lose(world, Disk)


async def restore(world: "World", happening: Happening) -> None:
    """An older copy of its disk is put back, and people go on; devices give it back what they have."""
    copy = world.relay.hardware.disk.copy()
    await asyncio.sleep(happening.duration_s)
    await _lose(world, copy.copy)


async def _lose(world: "World", disk: Callable[[], Disk]) -> None:
    """Put another disk in, unless some device has to fetch back from the present one what it lost."""
    if not await world.until_recovered():
        return
    world.part_with_log()
    hardware = world.relay.hardware
    hardware.die(is_power_cut=False)
    hardware.replace_disk(disk())
    await world.relay.start()
    await world.heal()


HAPPENINGS = {
    Fault.RELAY_KILL: kill,
    Fault.RELAY_POWER_CUT: cut_power,
    Fault.RELAY_WIPED: wipe,
    Fault.RELAY_RESTORED: restore,
}
