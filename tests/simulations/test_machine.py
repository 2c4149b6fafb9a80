"""A device runs the real replica, life after life, and tells whoever waits when it has died."""

import asyncio

import pytest

from simulations.hardware import Hardware
from simulations.machine import REPLICA_FILE, Died, Machine
from simulations.world import World
from syncore.core.errors import DocumentNotFound, IntegrityError, NotAReplica
from tests.simulations.small_plans import in_world, noted


def test_a_replica_survives_a_restart_and_a_kill() -> None:
    """What was committed before is there in the next life, under another number of the life."""
    running: list[bool] = []

    async def main(world: World) -> None:
        machine = Machine(Hardware("m", world.around))
        running.append(machine.is_running)
        replica = await machine.start()
        running.append(machine.is_running)
        await machine.run(replica.collection("notes").insert({"n": 1}, id="a"))
        await machine.stop()
        running.append(machine.is_running)
        replica = await machine.start()
        await machine.run(replica.collection("notes").update("a", n=2))
        machine.hardware.die(is_power_cut=False)
        running.append(machine.is_running)
        replica = await machine.start()
        assert (await machine.run(replica.collection("notes").get("a")))["n"] == 2
        await machine.stop()
        await machine.stop()
        assert machine.hardware.life == 3

    assert noted(in_world(main), "m") == ["starts", "stops", "starts", "is killed", "starts", "stops"]
    assert running == [False, True, False, False]


def test_whoever_waits_for_a_dead_program_is_told() -> None:
    """Switched off already, or dying meanwhile; what the dead still raise is nobody's defect."""

    async def main(world: World) -> None:
        machine = Machine(Hardware("m", world.around))
        with pytest.raises(Died, match="switched off"):
            await machine.run(asyncio.sleep(1))
        replica = await machine.start()
        world.around.loop.call_later(5, lambda: machine.hardware.die(is_power_cut=False))
        with pytest.raises(Died, match="died"):
            await machine.run(asyncio.sleep(10))
        assert not replica.space.status().unsent

        async def raise_while_dying() -> None:
            machine.hardware.die(is_power_cut=False)
            raise KeyError("said by the dead")

        await machine.start()
        with pytest.raises(Died):
            await machine.run(raise_while_dying())
        await asyncio.sleep(1)

    in_world(main)


def test_errors_of_the_program_come_through() -> None:
    """A living program's errors are what its caller gets."""

    async def main(world: World) -> None:
        machine = Machine(Hardware("m", world.around))
        replica = await machine.start()
        with pytest.raises(DocumentNotFound):
            await machine.run(replica.collection("notes").get("nothing"))
        assert machine.is_running

    in_world(main)


def test_a_file_that_cannot_be_opened_leaves_the_machine_off() -> None:
    """The program ends with its error, and can be started again when the file is mended."""

    async def main(world: World) -> None:
        machine = Machine(Hardware("m", world.around))
        machine.hardware.disk.put(REPLICA_FILE, b"this is no replica at all" * 100)
        with pytest.raises((NotAReplica, IntegrityError)):
            await machine.start()
        assert machine.hardware.process is None
        machine.hardware.disk.remove(REPLICA_FILE)
        await machine.start()
        assert machine.is_running

    in_world(main)


def test_the_trace_tells_how_the_syncing_goes() -> None:
    """What a device says of its relay is in the trace, and its complaints are kept."""

    async def main(world: World) -> None:
        await world.relay.start()
        person = world.add_person("m")
        replica = await person.machine.start()
        await person.machine.run(replica.share("ws://127.0.0.1:8787"))
        await asyncio.sleep(60)
        world.relay.hardware.die(is_power_cut=False)
        await asyncio.sleep(600)
        assert person.machine.reports

    world = in_world(main)
    told = [event.what for event in world.around.trace.events if event.who == "m"]
    assert "is live" in told
    assert any(line.startswith("is offline: ") for line in told)
