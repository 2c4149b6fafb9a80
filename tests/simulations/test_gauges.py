"""Gauges see secrets in frames, and bounds that do not hold."""

import asyncio

from simulations.gauges import MAX_TASKS, Gauges
from simulations.network.medium import EventKind, NetworkEvent
from simulations.workload import PLAINTEXT
from simulations.world import World
from tests.simulations.small_plans import in_world


def sent(frame: bytes | None) -> NetworkEvent:
    """Something that a device sent to the relay."""
    return NetworkEvent(
        time_s=1, kind=EventKind.FRAME, connection=1, source="d0", destination="relay", frame=frame
    )


def test_what_people_wrote_is_seen_in_a_frame() -> None:
    """Wherever it stands; other frames and events say nothing, and the list is bounded."""
    gauges = Gauges()
    for frame in (None, b"", b"sealed"):
        gauges.watch(sent(frame))
    assert gauges.leaks == []
    for _ in range(100):
        gauges.watch(sent(b"x" + PLAINTEXT.encode() + b"y"))
    assert {*gauges.leaks} == {"d0 sent what people wrote to relay"}
    assert len(gauges.leaks) == 10


def test_a_program_with_too_many_tasks_is_seen() -> None:
    """A device's and the relay's; as long as both are within their bounds nothing is said."""

    async def main(world: World) -> None:
        await world.relay.start()
        person = world.add_person("d0")
        replica = await person.machine.start()
        await person.machine.run(replica.share("ws://127.0.0.1:8787"))
        world.gauges.read(world)
        assert world.gauges.overflows == []
        for process in (person.machine.hardware.process, world.relay.hardware.process):
            assert process is not None
            for _ in range(MAX_TASKS + 1):
                process.start(asyncio.sleep(1))
        world.gauges.read(world)
        device, relay = world.gauges.overflows
        assert "tasks of d0, and at most 60 should be" in device
        assert "tasks of the relay, and at most" in relay
        person.machine.hardware.die(is_power_cut=False)
        world.relay.hardware.die(is_power_cut=False)
        world.gauges.read(world)
        assert len(world.gauges.overflows) == 2

    in_world(main)
