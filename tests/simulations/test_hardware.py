"""Hardware lives and dies: what its disk keeps, whom its death tells, and that the dead stay dead."""

import asyncio
from collections.abc import Callable

import pytest

from simulations.disk.disk import Disk
from simulations.hardware import Hardware
from simulations.world import World
from tests.simulations.small_plans import in_world, noted


def write(disk: Disk, content: bytes, *, is_synced: bool) -> None:
    """Put a file on a disk."""
    file = disk.find("file") or disk.create("file")
    disk.write(file, "file", 0, content)
    if is_synced:
        disk.sync(file, "file")
        disk.sync_folder()


def on_hardware(what: Callable[[Hardware], None]) -> World:
    """Do something to a machine of its own in a world."""

    async def main(world: World) -> None:
        what(Hardware("h", world.around))
        await asyncio.sleep(0)

    return in_world(main)


def test_a_life_begins_and_ends_in_good_order() -> None:
    """Each has its number; what is on the disk stays, and nobody is told of a death."""
    deaths: list[bool] = []

    def live(hardware: Hardware) -> None:
        hardware.on_death = deaths.append
        for life in (1, 2):
            process = hardware.boot()
            assert (hardware.life, hardware.process, hardware.host.is_alive) == (life, process, True)
            write(hardware.disk, b"one", is_synced=False)
            hardware.shut_down(process)
            assert (hardware.process, hardware.host.is_alive, process.is_alive) == (None, False, False)
            hardware.die(is_power_cut=True)
        assert hardware.disk.content("file") == b"one"

    assert noted(on_hardware(live), "h") == ["starts", "starts"]
    assert deaths == []


def test_an_old_life_cannot_end_a_new_one() -> None:
    """A program that is slow to end does not take its successor along."""

    def live(hardware: Hardware) -> None:
        first = hardware.boot()
        hardware.die(is_power_cut=False)
        second = hardware.boot()
        hardware.shut_down(first)
        assert hardware.process is second
        assert second.is_alive

    on_hardware(live)


@pytest.mark.parametrize("is_power_cut", [False, True])
def test_a_death_keeps_what_it_should(is_power_cut: bool) -> None:  # noqa: FBT001 - a parameter
    """What was synced stays; what was not stays after a kill, and may go with the power."""
    left: set[bytes] = set()
    deaths: list[bool] = []

    def live(hardware: Hardware) -> None:
        hardware.on_death = deaths.append
        for _ in range(30):
            process = hardware.boot()
            write(hardware.disk, b"old", is_synced=True)
            write(hardware.disk, b"new", is_synced=False)
            hardware.die(is_power_cut=is_power_cut)
            assert not process.is_alive
            left.add(hardware.disk.content("file"))

    on_hardware(live)
    assert left == ({b"old", b"new"} if is_power_cut else {b"new"})
    assert deaths == [is_power_cut] * 30


def test_death_comes_before_the_chosen_operation() -> None:
    """Of three writes the third finds the machine dead, and nothing of it reaches the next life."""

    def live(hardware: Hardware) -> None:
        hardware.boot()
        dying = hardware.disk
        file = dying.create("file")
        hardware.die_at(3, is_power_cut=False)
        for number in range(3):
            assert (hardware.process is None) is (number == 3)
            dying.write(file, "file", number, b"x")
        assert hardware.process is None
        assert hardware.disk is not dying
        assert hardware.disk.content("file") == b"xx"
        hardware.boot()
        write(hardware.disk, b"later", is_synced=True)
        assert hardware.process is not None  # it dies once

    assert noted(on_hardware(live), "h") == ["starts", "is killed", "starts"]


def test_disks_are_changed_while_nothing_runs() -> None:
    """A disk under a running program would be no machine that anybody has."""

    def live(hardware: Hardware) -> None:
        other = Disk()
        hardware.replace_disk(other)
        assert hardware.disk is other
        hardware.boot()
        with pytest.raises(AssertionError):
            hardware.replace_disk(Disk())

    on_hardware(live)


def test_everybody_draws_alone() -> None:
    """Two machines of one world, and two lives of one program, draw from generators of their own."""

    async def main(world: World) -> None:
        around = world.around
        assert around.draw("a").random() == around.draw("a").random()
        assert around.draw("a").random() != around.draw("b").random()
        assert around.entropy("d0/1").random_bytes(8) != around.entropy("d0/2").random_bytes(8)
        await asyncio.sleep(0)

    in_world(main)
