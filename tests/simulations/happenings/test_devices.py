"""Each thing that goes wrong with devices happens, and the run passes all the same."""

import asyncio

import pytest

from simulations.checkers.no_defects import NAME as NO_DEFECTS
from simulations.happenings.devices import HAPPENINGS
from simulations.machine import REPLICA_FILE
from simulations.plan import DEVICE, Fault
from simulations.running import simulate
from simulations.world import World
from tests.simulations.small_plans import going_wrong, in_world


def happened(fault: Fault, *, seed: int = 3, duration_s: float = 60.0) -> list[str]:
    """What the trace says of the first device when this happens to it; the run has to pass."""
    outcome = simulate(going_wrong(fault, seed=seed, duration_s=duration_s))
    assert outcome.has_passed, outcome.violations
    assert outcome.faults[fault.value] == 1
    assert outcome.checks[NO_DEFECTS]
    return [one.what for one in outcome.trace.events if one.who == "d0"]


def afterwards(fault: Fault, *, seed: int = 3) -> World:
    """A world in which this happened to the first device, at its end."""

    async def main(world: World) -> None:
        await world.play()

    return in_world(main, going_wrong(fault, seed=seed))


def test_every_fault_of_devices_is_made() -> None:
    """None is drawn that nothing makes happen."""
    assert HAPPENINGS.keys() == {*DEVICE}


@pytest.mark.parametrize("fault", [Fault.KILL, Fault.POWER_CUT])
def test_a_device_dies_and_comes_back(fault: Fault) -> None:
    """It starts again, and catches up."""
    told = happened(fault)
    death = told.index("loses power" if fault is Fault.POWER_CUT else "is killed")
    assert "starts" in told[death:]
    assert "is live" in told[death:]


def test_a_full_disk_has_room_again() -> None:
    """Writing fails for a while, and the room is unbounded afterwards.

    Meanwhile the device does not knock at the relay again and again, as if the relay could help.
    """
    told = happened(Fault.DISK_FULL, seed=18, duration_s=240)
    assert "has a full disk" in told
    connecting = [line for line in told if line.startswith("is connecting: there is no room")]
    assert 3 < len(connecting) < 25
    world = afterwards(Fault.DISK_FULL)
    assert world.people[0].machine.hardware.disk.capacity_bytes is None


def test_a_disk_that_cannot_be_read_recovers() -> None:
    """Some reads fail for a while, and then none."""
    happened(Fault.READ_ERROR)
    seen: list[bool] = []

    async def main(world: World) -> None:
        hardware = world.add_person("d0").machine.hardware
        (happening,) = going_wrong(Fault.READ_ERROR).happenings
        failing = asyncio.ensure_future(HAPPENINGS[Fault.READ_ERROR](world, happening))
        await asyncio.sleep(1)
        assert hardware.disk.fail_reads is not None
        seen.extend(hardware.disk.fail_reads(REPLICA_FILE) for _ in range(100))
        await failing
        assert hardware.disk.fail_reads is None

    in_world(main)
    assert 5 < sum(seen) < 50


def test_a_bit_flips_while_nothing_runs() -> None:
    """Exactly one bit of the file, and the program is started again on what that left."""
    told = happened(Fault.FLIPPED_BIT)
    lives = [line.partition(" at ")[0] for line in told if line in {"starts", "stops"} or "flipped" in line]
    assert lives == ["starts", "stops", "has a flipped bit", "starts"]

    async def main(world: World) -> None:
        hardware = world.add_person("d0").machine.hardware
        hardware.disk.put(REPLICA_FILE, bytes(4096))
        (happening,) = going_wrong(Fault.FLIPPED_BIT).happenings
        await HAPPENINGS[Fault.FLIPPED_BIT](world, happening)
        assert sum(byte.bit_count() for byte in hardware.disk.content(REPLICA_FILE)) == 1

    in_world(main)


def test_a_clock_is_set_wrongly() -> None:
    """It stays wrong; nobody's edits suffer."""
    happened(Fault.CLOCK_JUMP)
    clocks = [person.machine.hardware.clock for person in afterwards(Fault.CLOCK_JUMP).people]
    assert clocks[0].skew_ms != 0
    assert clocks[1].skew_ms == 0


def test_a_clock_drifts() -> None:
    """It goes too fast or too slowly from then on."""
    happened(Fault.CLOCK_DRIFT)
    clocks = [person.machine.hardware.clock for person in afterwards(Fault.CLOCK_DRIFT).people]
    assert 0 < abs(clocks[0].drift) <= 0.2
    assert clocks[1].drift == 0


@pytest.mark.parametrize("fault", [Fault.RESTORED_FILE, Fault.RESTORED_DISK])
def test_a_copy_is_put_back(fault: Fault) -> None:
    """The file, or the whole disk; the device catches up."""
    told = happened(fault)
    restored = told.index("is restored from a copy")
    assert "is live" in told[restored:]


@pytest.mark.parametrize(("fault", "keeps_keys"), [(Fault.RESTORED_FILE, True), (Fault.RESTORED_DISK, False)])
def test_a_restored_file_leaves_the_keys_alone(
    fault: Fault,
    keeps_keys: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Keys and guard stay as they are, or return in time with the disk."""
    seen: list[bool] = []

    async def main(world: World) -> None:
        await world.relay.start()
        await world.found_space()
        hardware = world.people[0].machine.hardware
        world.backups["d0"].disk.put(REPLICA_FILE, b"of the copy")
        hardware.disk.replace_blob("later.key", b"made after the copy")
        (happening,) = going_wrong(fault).happenings
        await HAPPENINGS[fault](world, happening)
        seen.append(hardware.disk.blob("later.key") is not None)
        assert hardware.disk.content(REPLICA_FILE) == b"of the copy"
        assert "d0" in world.recovering
        del world.backups["d0"]
        hardware.disk.put(REPLICA_FILE, b"what is there now")
        await HAPPENINGS[fault](world, happening)
        assert hardware.disk.content(REPLICA_FILE) == b"what is there now"  # there is no copy

    in_world(main, going_wrong(fault))
    assert seen == [keeps_keys]


@pytest.mark.parametrize("seed", [2, 3], ids=["in reach", "out of reach"])
def test_a_machine_is_cloned(seed: int) -> None:
    """A third device goes on beside the first, from its disk, and all agree at the end."""
    outcome = simulate(going_wrong(Fault.CLONE, seed=seed))
    assert outcome.has_passed, outcome.violations
    assert {one.who for one in outcome.trace.events} >= {"d0", "d1", "d0+2"}
    assert outcome.checks["equal digests"] == 3
