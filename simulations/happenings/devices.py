"""What goes wrong with devices: deaths, disks, clocks, and files that return in time."""

import asyncio
import random
from typing import TYPE_CHECKING

from simulations.disk.disk import Disk
from simulations.machine import REPLICA_FILE
from simulations.plan import Fault, Happening

if TYPE_CHECKING:
    from simulations.person import Person
    from simulations.world import World

_DAY_MS = 24 * 60 * 60 * 1000


async def kill(world: "World", happening: Happening) -> None:
    """The program is killed before one of its next disk operations."""
    _die(world, happening, is_power_cut=False)


async def cut_power(world: "World", happening: Happening) -> None:
    """The power goes before one of the next disk operations."""
    _die(world, happening, is_power_cut=True)


async def fill_disk(world: "World", happening: Happening) -> None:
    """The disk has hardly any room left, for a while."""
    hardware = _person(world, happening).machine.hardware
    room_bytes = random.Random(happening.seed).randrange(64 * 1024)
    hardware.disk.capacity_bytes = hardware.disk.used_bytes + room_bytes
    await asyncio.sleep(happening.duration_s)
    hardware.disk.capacity_bytes = None


async def fail_reads(world: "World", happening: Happening) -> None:
    """The disk fails to read now and then, for a while."""
    draw = random.Random(happening.seed)
    hardware = _person(world, happening).machine.hardware
    disk = hardware.disk
    disk.fail_reads = lambda _name: draw.random() < 0.2
    await asyncio.sleep(happening.duration_s)
    disk.fail_reads = hardware.disk.fail_reads = None


async def flip_bit(world: "World", happening: Happening) -> None:
    """A bit of the file changes while nobody has it open."""
    person = _person(world, happening)
    hardware = person.machine.hardware
    await person.machine.stop()
    hardware.die(is_power_cut=False)
    if hardware.disk.find(REPLICA_FILE) is not None:
        where = hardware.disk.flip_bit(random.Random(happening.seed), REPLICA_FILE)
        hardware.note(f"has a flipped bit at {where}")


async def jump_clock(world: "World", happening: Happening) -> None:
    """Somebody sets the clock, wrongly."""
    draw = random.Random(happening.seed)
    clock = _person(world, happening).machine.hardware.clock
    clock.skew_ms += int(draw.choice((-1, 1)) * draw.choice((0.01, 1, 30, 3000)) * draw.random() * _DAY_MS)


async def drift_clock(world: "World", happening: Happening) -> None:
    """The clock runs too fast or too slowly."""
    clock = _person(world, happening).machine.hardware.clock
    clock.drift = random.Random(happening.seed).uniform(-0.2, 0.2)


async def restore_file(world: "World", happening: Happening) -> None:
    """Last week's copy of the file is put back; the keys stay as they are."""
    await _restore(world, _person(world, happening), with_keys=False)


async def restore_disk(world: "World", happening: Happening) -> None:
    """Last week's copy of the whole disk is put back, keys and guard included."""
    await _restore(world, _person(world, happening), with_keys=True)


async def clone(world: "World", happening: Happening) -> None:
    """A virtual machine is cloned; both go on."""
    person = _person(world, happening)
    if happening.seed % 2:  # it was out of reach for a while, and its disk holds what nobody else has
        host = person.machine.hardware.host
        cut = world.around.network.partition([host], [world.relay.hardware.host])
        await asyncio.sleep(happening.duration_s)
        world.around.loop.call_later(happening.duration_s, cut.end)
    twin = world.add_person(f"{person.name}+{len(world.people)}")
    twin.machine.hardware.replace_disk(person.machine.hardware.disk.copy())
    world.set_to_work(twin)
    await world.restart_if_needed(twin)


def _die(world: "World", happening: Happening, *, is_power_cut: bool) -> None:
    operations = random.Random(happening.seed).randrange(1, 60)
    _person(world, happening).machine.hardware.die_at(operations, is_power_cut=is_power_cut)


async def _restore(world: "World", person: "Person", *, with_keys: bool) -> None:
    backup = world.backups.get(person.name)
    if backup is None or not await world.until_healed():
        return
    hardware = person.machine.hardware
    await person.machine.stop()
    hardware.die(is_power_cut=False)
    disk = backup.disk.copy()
    if not with_keys:
        disk = _with_files(hardware.disk, disk)
    hardware.replace_disk(disk)
    person.lose_behind(backup.order)
    world.recovering.add(person.name)
    hardware.note("is restored from a copy")


def _with_files(disk: Disk, source: Disk) -> Disk:
    """A disk whose files are those of another one; its blobs, which are the keys, stay."""
    result = disk.copy()
    for name in result.names:
        result.remove(name)
    for name in source.names:
        result.put(name, source.content(name))
    return result


def _person(world: "World", happening: Happening) -> "Person":
    return world.people[happening.device]


HAPPENINGS = {
    Fault.KILL: kill,
    Fault.POWER_CUT: cut_power,
    Fault.DISK_FULL: fill_disk,
    Fault.READ_ERROR: fail_reads,
    Fault.FLIPPED_BIT: flip_bit,
    Fault.CLOCK_JUMP: jump_clock,
    Fault.CLOCK_DRIFT: drift_clock,
    Fault.RESTORED_FILE: restore_file,
    Fault.RESTORED_DISK: restore_disk,
    Fault.CLONE: clone,
}
